import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_MODE, writeFileAtomic } from '../../lib/files/atomic';
import { devicesOf, type Inventory, type InventoryDevice } from '../../lib/inventory/inventory';
import { isJsonObject } from '../../lib/json/json';
import { createSigningKeys, openSigningKeys, type SigningKeys } from '../../lib/ota/keys';
import type { AccountLogin, PreparedAccess } from './access';
import type { HomePaths } from './home';
import type { Level } from './log';
import { diesWithParent } from './processes';
import type { ServiceSpec } from './service';

/** One process a listener: a process has one broker, and boards with certificates log in on a port of their own. */
export const BOARD_SERVICES = ['boards', 'boards-certificates'] as const;

/** The keys that sign updates for the boards of this home; made at the first start that has boards. */
export function updateKeys({ otaDirectory }: HomePaths): SigningKeys {
  const directory = join(otaDirectory, 'keys');
  return existsSync(join(directory, 'keys.json')) ? openSigningKeys(directory) : createSigningKeys(directory);
}

/** The processes that play the first `count` boards of the inventory: the firmware's core, with their accounts. */
export function boardServices(
  program: string,
  inventory: Inventory,
  count: number,
  access: PreparedAccess,
  paths: HomePaths,
): ServiceSpec[] {
  const keys = updateKeys(paths);
  mkdirSync(paths.boardsDirectory, { recursive: true, mode: 0o700 });
  const boards = devicesOf(inventory)
    .slice(0, count)
    .flatMap((board) => {
      const login = access.accounts.get(board.account);
      return login === undefined ? [] : [{ board, login }];
    });
  return BOARD_SERVICES.flatMap((name) => {
    const byCertificate = name === 'boards-certificates';
    const group = boards.filter(({ login }) => 'certFile' in login === byCertificate);
    const [first] = group;
    if (first === undefined) return [];
    const file = join(paths.boardsDirectory, `${name}.json`);
    const content = {
      url: first.login.url,
      caFile: access.pki.caFile,
      updateKeys: [keys.current, keys.next].map(({ id, publicKeyFile }) => ({ id, publicKeyFile })),
      boards: group.map(({ board, login }) => description(board, login, paths)),
    };
    writeFileAtomic(file, `${JSON.stringify(content, null, 2)}\n`, SECRET_MODE);
    return [service(name, program, file, paths)];
  });
}

function description(board: InventoryDevice, login: AccountLogin, { boardsDirectory }: HomePaths) {
  const { device, factoryId, equipmentType, equipmentId, sensorType } = board;
  const { url: _, ...secrets } = login;
  return {
    device_id: device.id,
    factory_id: factoryId,
    equipment_type: equipmentType,
    equipment_id: equipmentId,
    sensor_type: sensorType,
    flashFile: join(boardsDirectory, `${device.id}.flash`),
    ...secrets,
  };
}

function service(name: string, program: string, file: string, paths: HomePaths): ServiceSpec {
  const [command, ...args] = diesWithParent([program, '--config', file]);
  return {
    name,
    command,
    args,
    cwd: paths.boardsDirectory,
    env: process.env,
    channel: false,
    shownFrom: 'warning',
    probe: 'announced',
    announces: (line) => line.includes('"event":"ready"'),
    levelOf,
  };
}

/** The boards write JSON lines with the words of the firmware's log. */
function levelOf(line: string): Level {
  const level = levelIn(line);
  if (level === 'error') return 'error';
  return level === 'warn' ? 'warning' : 'info';
}

function levelIn(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value.level : undefined;
  } catch {
    // What is no JSON line was written in need, to the error output.
    return 'error';
  }
}
