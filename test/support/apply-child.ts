import { readFileSync } from 'node:fs';
import type { AccessFiles } from '../../lib/acl/generate';
import { applyAccess } from '../../lib/broker/apply';
import { parseInventory } from '../../lib/inventory/parse';
import { WITH_ONE, WITH_TWO } from './closed-broker';

/** Applies one inventory after the other to a running broker, until it is killed. */
async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '{}') as {
    readonly files: AccessFiles;
    readonly pidFile: string;
    readonly url: string;
    readonly caFile: string;
  };
  const probe = { url: task.url, tls: () => ({ ca: readFileSync(task.caFile) }) };
  for (;;) {
    for (const text of [WITH_TWO, WITH_ONE]) {
      await applyAccess(parseInventory(text), task.files, { pidFile: task.pidFile, probe });
    }
  }
}

void main();
