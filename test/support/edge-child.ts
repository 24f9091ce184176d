/** An edge client in a process of its own, which a test may have killed at a named step. Argument: JSON. */
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { EdgeClient } from '../../lib/edge/client';
import { APPLIED } from '../../lib/edge/configuration';
import { StateFile } from '../../lib/edge/state-file';
import type { EdgeStep } from '../../lib/edge/steps';
import { connectMqtt } from '../../lib/mqtt/connection';
import { systemClock } from '../../lib/time/clock';
import { clientAccount } from '../../lib/topics/clients';
import { PRESS } from './edge';

export interface EdgeChildOptions {
  readonly url: string;
  readonly directory: string;
  /** SIGKILL at the nth time this step is reached. */
  readonly crash?: { readonly step: EdgeStep; readonly nth: number };
}

/** One line an attempt: `REASON REVISION`. */
export const APPLIES = 'applies.log';

function run({ url, directory, crash }: EdgeChildOptions): void {
  let reached = 0;
  const client = new EdgeClient({
    ref: PRESS,
    store: new StateFile(join(directory, 'state.json')),
    clock: systemClock,
    bootId: randomUUID(),
    async apply({ revision }, { reason }) {
      appendFileSync(join(directory, APPLIES), `${reason} ${revision}\n`);
      return APPLIED;
    },
    trace(step) {
      if (step !== crash?.step) return;
      reached += 1;
      if (reached === crash.nth) process.kill(process.pid, 'SIGKILL');
    },
  });
  const link = connectMqtt({
    url,
    clientId: clientAccount(PRESS),
    cleanStart: false,
    sessionExpirySeconds: 3600,
    will: () => client.will(),
    random: () => 0,
  });
  client.start(link);
  setInterval(() => undefined, 60_000);
}

if (require.main === module) run(JSON.parse(process.argv[2] ?? '{}') as EdgeChildOptions);
