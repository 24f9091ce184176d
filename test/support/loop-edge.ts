/**
 * An edge client as a process of its own, for tests that kill it. What it applies it writes, durably, as a line
 * into a file: the test's proof of what really happened. Argument: a JSON object of `EdgeProcessOptions`.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { EdgeClient } from '../../lib/edge/client';
import { APPLIED } from '../../lib/edge/configuration';
import { StateFile } from '../../lib/edge/state-file';
import type { EdgeStep } from '../../lib/edge/steps';
import { connectBroker } from '../../lib/mqtt/broker-links';
import { systemClock } from '../../lib/time/clock';
import { clientAccount } from '../../lib/topics/clients';
import { PRESS } from './engine';
import { killAt } from './kill-at';

export interface EdgeProcessOptions {
  readonly state: string;
  /** One line `reason revision commandId` for each configuration that was applied. */
  readonly applied: string;
  readonly url: string;
  readonly sessionExpirySeconds: number;
  readonly crash?: { readonly at: EdgeStep; readonly pid: number };
}

const options = JSON.parse(process.argv[2] ?? '{}') as EdgeProcessOptions;

const client = new EdgeClient({
  ref: PRESS,
  store: new StateFile(options.state),
  apply: async ({ revision, commandId }, { reason }) => {
    const file = openSync(options.applied, 'a');
    writeSync(file, `${reason} ${revision} ${commandId}\n`);
    fsyncSync(file);
    closeSync(file);
    return APPLIED;
  },
  bootId: randomUUID(),
  clock: systemClock,
  trace: killAt(options.crash),
});
const links = connectBroker({
  url: options.url,
  role: 'client',
  account: clientAccount(PRESS),
  sessionExpirySeconds: options.sessionExpirySeconds,
  will: () => client.will(),
});
client.start(links.receiver);
links.onState((state) => {
  if (state.kind === 'connected') process.send?.({ ready: true });
});
process.on('disconnect', () => process.exit(0));
