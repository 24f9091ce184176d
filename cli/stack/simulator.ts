import { join } from 'node:path';
import { SECRET_MODE, writeFileAtomic } from '../../lib/files/atomic';
import { clientsOf, type Inventory } from '../../lib/inventory/inventory';
import type { SimulatedAccount, SimulatorFile } from '../../lib/simulator/account';
import type { PreparedAccess } from './access';
import type { HomePaths } from './home';
import type { ServiceSpec } from './service';

/** A foreign inventory may be a whole factory: without a word from the user only this many are simulated. */
const FOREIGN_DEFAULT = 20;

/** How many of the inventory's clients are simulated (SPEC 6). */
export function simulatedCount(available: number, asked: number | undefined, isSample: boolean): number {
  return Math.min(available, asked ?? (isSample ? available : FOREIGN_DEFAULT));
}

const PROGRAM = join(__dirname, '..', 'simulator.js');

/** One process that plays the first `count` clients of the inventory, over real MQTT with their own accounts. */
export function simulatorService(
  inventory: Inventory,
  count: number,
  access: PreparedAccess,
  paths: HomePaths,
): ServiceSpec {
  const file = join(paths.simulatorDirectory, 'clients.json');
  const content: SimulatorFile = {
    stateDirectory: join(paths.simulatorDirectory, 'state'),
    clients: simulatedClients(inventory, count, access),
  };
  writeFileAtomic(file, `${JSON.stringify(content, null, 2)}\n`, SECRET_MODE);
  return {
    name: 'simulator',
    command: process.execPath,
    // It ends by itself when the channel closes.
    args: [PROGRAM, file],
    cwd: paths.simulatorDirectory,
    env: process.env,
    channel: true,
    shownFrom: 'info',
    probe: 'announced',
    levelOf: (line) => (/error|fail/i.test(line) ? 'warning' : 'info'),
  };
}

function simulatedClients(inventory: Inventory, count: number, access: PreparedAccess): SimulatedAccount[] {
  return clientsOf(inventory)
    .slice(0, count)
    .flatMap(({ account, tenantId, clientId, client: { type } }) => {
      const login = access.accounts.get(account);
      return login === undefined ? [] : [{ tenantId, clientId, type, caFile: access.pki.caFile, ...login }];
    });
}
