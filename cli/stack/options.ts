import { join, resolve } from 'node:path';
import { PACKAGE_ROOT, resolveHome } from './home';

export interface StartOptions {
  readonly home: string;
  readonly inventoryFile: string;
  /** The inventory is the one that is shipped. */
  readonly isSample: boolean;
  /** How many clients to simulate; absent: what suits the inventory. */
  readonly clients?: number;
  /** How many boards to run as virtual ones, `all` that suit the inventory; absent: all when they are built. */
  readonly boards?: number | 'all';
  readonly https: boolean;
  readonly json: boolean;
}

/** What commander has parsed. */
export interface StartArguments {
  readonly inventory?: string;
  readonly home?: string;
  readonly clients?: number;
  readonly boards?: number | 'all';
  readonly https?: true;
  readonly json?: true;
}

export const SAMPLE_INVENTORY = join(PACKAGE_ROOT, 'sample', 'inventory.yaml');

export function startOptions(given: StartArguments): StartOptions {
  return {
    home: resolveHome(given.home),
    inventoryFile: given.inventory === undefined ? SAMPLE_INVENTORY : resolve(given.inventory),
    isSample: given.inventory === undefined,
    ...(given.clients === undefined ? {} : { clients: given.clients }),
    ...(given.boards === undefined ? {} : { boards: given.boards }),
    https: given.https === true,
    json: given.json === true,
  };
}
