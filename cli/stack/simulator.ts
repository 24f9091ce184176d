import { join } from 'node:path';
import { SECRET_MODE, writeFileAtomic } from '../../lib/files/atomic';
import { clientsOf, devicesOf, type Inventory, type InventoryDevice } from '../../lib/inventory/inventory';
import type { BoardAccount, ClientAccount, SimulatorFile } from '../../lib/simulator/account';
import { isSimulated } from '../../lib/simulator/sensors/factory';
import type { PreparedAccess } from './access';
import type { HomePaths } from './home';
import type { ServiceSpec } from './service';

/** A foreign inventory may be a whole factory: without a word from the user only this many are played. */
const FOREIGN_DEFAULT = 20;

/** How many of the inventory's clients or boards are played (SPEC 6). */
export function playedCount(available: number, asked: number | undefined, isSample: boolean): number {
  return Math.min(available, asked ?? (isSample ? available : FOREIGN_DEFAULT));
}

/** The boards whose sensors can be made up; an inventory may have sensor types of its own. */
export function simulatedDevices(inventory: Inventory): InventoryDevice[] {
  return devicesOf(inventory).filter(({ sensorType }) => isSimulated(sensorType));
}

export interface Simulated {
  /** The first so many of the inventory. */
  readonly clients: number;
  readonly boards: number;
  readonly seed: number;
}

const PROGRAM = join(__dirname, '..', 'simulator.js');

/** One process that plays clients and boards of the inventory, over real MQTT with their own accounts. */
export function simulatorService(
  inventory: Inventory,
  { clients, boards, seed }: Simulated,
  access: PreparedAccess,
  paths: HomePaths,
): ServiceSpec {
  const file = join(paths.simulatorDirectory, 'simulated.json');
  const content: SimulatorFile = {
    stateDirectory: join(paths.simulatorDirectory, 'state'),
    seed,
    clients: clientAccounts(inventory, clients, access),
    boards: boardAccounts(inventory, boards, access),
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

function clientAccounts(inventory: Inventory, count: number, access: PreparedAccess): ClientAccount[] {
  return clientsOf(inventory)
    .slice(0, count)
    .flatMap(({ account, tenantId, clientId, client: { type } }) => {
      const login = access.accounts.get(account);
      return login === undefined ? [] : [{ tenantId, clientId, type, caFile: access.pki.caFile, ...login }];
    });
}

function boardAccounts(inventory: Inventory, count: number, access: PreparedAccess): BoardAccount[] {
  return simulatedDevices(inventory)
    .slice(0, count)
    .flatMap(({ account, factoryId, equipmentType, equipmentId, sensorType }) => {
      const login = access.accounts.get(account);
      const place = { deviceId: account, factoryId, equipmentType, equipmentId, sensorType };
      return login === undefined ? [] : [{ ...place, caFile: access.pki.caFile, ...login }];
    });
}
