import { join, resolve } from 'node:path';
import type { ArchiveChoice } from './archive';
import { PACKAGE_ROOT, resolveHome } from './home';

/** Who plays the inventory's boards: the simulator, or the firmware itself as a process. */
export interface BoardChoice {
  readonly kind: 'simulated' | 'virtual';
  /** How many, 0 for none; absent: what suits the inventory. */
  readonly count?: number;
}

export interface StartOptions {
  readonly home: string;
  readonly inventoryFile: string;
  /** The inventory is the one that is shipped. */
  readonly isSample: boolean;
  /** How many clients to simulate; absent: what suits the inventory. */
  readonly clients?: number;
  readonly boards: BoardChoice;
  /** What simulated boards measure is a function of it and the time. */
  readonly seed: number;
  readonly archive: ArchiveChoice;
  readonly https: boolean;
  readonly json: boolean;
}

/** What commander has parsed. */
export interface StartArguments {
  readonly inventory?: string;
  readonly home?: string;
  readonly clients?: number;
  readonly boards?: Partial<BoardChoice>;
  readonly seed?: number;
  readonly with?: 'archive';
  readonly without?: 'archive';
  readonly https?: true;
  readonly json?: true;
}

/** The sample's oven has a weak heater by this one. */
export const DEFAULT_SEED = 7;

export const SAMPLE_INVENTORY = join(PACKAGE_ROOT, 'sample', 'inventory.yaml');

export function startOptions(given: StartArguments): StartOptions {
  return {
    home: resolveHome(given.home),
    inventoryFile: given.inventory === undefined ? SAMPLE_INVENTORY : resolve(given.inventory),
    isSample: given.inventory === undefined,
    ...(given.clients === undefined ? {} : { clients: given.clients }),
    boards: { kind: 'simulated', ...given.boards },
    seed: given.seed ?? DEFAULT_SEED,
    archive: archiveChoice(given),
    https: given.https === true,
    json: given.json === true,
  };
}

function archiveChoice(given: StartArguments): ArchiveChoice {
  if (given.with === 'archive') return 'wanted';
  return given.without === 'archive' ? 'none' : 'found';
}
