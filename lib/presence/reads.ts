import { EgizError } from '../errors/egiz-error';
import { isJsonObject } from '../json/json';
import { type DeviceRecord, PRESENCE_STATES, type PresenceState } from './device';
import type { PresenceTracker } from './tracker';
import { type DeviceView, deviceView } from './view';

/** What can be asked of `egiz-presence` by `msg.read`. */
export const PRESENCE_READS = ['summary', 'devices'] as const;
export type PresenceRead = (typeof PRESENCE_READS)[number];

export interface PresenceSummary extends Readonly<Record<PresenceState, number>> {
  readonly total: number;
  readonly flapping: number;
  /** False while the broker cannot be heard: then nobody becomes stale. */
  readonly listening: boolean;
}

/** One page; `next` is what to put into `after` for the next one, null on the last. */
export interface DevicePage {
  readonly items: readonly DeviceView[];
  readonly next: string | null;
}

/** Every member narrows the list. */
interface DeviceFilter {
  readonly states: readonly PresenceState[];
  readonly flapping?: boolean;
  readonly texts: readonly (readonly [keyof DeviceView, string])[];
  readonly search: string;
  readonly limit: number;
  readonly after: string;
}

const EXACT = [
  'device',
  'profile',
  'tenantId',
  'clientId',
  'factoryId',
  'equipmentType',
  'equipmentId',
  'sensorType',
] as const;
const KNOWN: readonly string[] = ['state', 'flapping', 'search', 'limit', 'after', ...EXACT];
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** @throws EgizError `INVALID_REQUEST` */
export function readOf(value: unknown): PresenceRead {
  const read = PRESENCE_READS.find((one) => one === value);
  if (read !== undefined) return read;
  throw invalid(
    `${JSON.stringify(value)} is not something this node can read`,
    `Use ${PRESENCE_READS.join(' or ')}.`,
  );
}

export function summaryOf({ counts, listening }: PresenceTracker): PresenceSummary {
  const { online, stale, offline, flapping } = counts;
  return { online, stale, offline, total: online + stale + offline, flapping, listening };
}

/**
 * Devices in the order of their topics.
 * @param request members of `DeviceView` that must be equal, `search` in the account, `limit`, `after`
 * @throws EgizError `INVALID_REQUEST`
 */
export function listDevices({ devices }: PresenceTracker, request: unknown): DevicePage {
  const filter = filterOf(request);
  const items: DeviceView[] = [];
  let last = '';
  for (const key of [...devices.keys()].sort()) {
    const device = devices.get(key);
    if (device === undefined || key <= filter.after || !fits(device, filter)) continue;
    if (items.length === filter.limit) return { items, next: last };
    items.push(deviceView(device));
    last = key;
  }
  return { items, next: null };
}

function fits(device: DeviceRecord, { states, flapping, texts, search }: DeviceFilter): boolean {
  if (!states.includes(device.state)) return false;
  if (flapping !== undefined && (device.flappingSince !== null) !== flapping) return false;
  if (texts.length === 0 && search === '') return true;
  const view = deviceView(device);
  return view.device.toLowerCase().includes(search) && texts.every(([name, text]) => view[name] === text);
}

function filterOf(request: unknown): DeviceFilter {
  const given = isJsonObject(request) ? request : {};
  const unknown = Object.keys(given).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw invalid(`Devices have no "${unknown}"`, `Use ${KNOWN.join(', ')}.`);
  const { flapping, limit = DEFAULT_LIMIT } = given;
  if (flapping !== undefined && typeof flapping !== 'boolean') {
    throw invalid('"flapping" must be true or false', 'Leave it out for all devices.');
  }
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw invalid(`"limit" must be an integer from 1 to ${MAX_LIMIT}`, 'Ask for further pages with "after".');
  }
  return {
    states: statesOf(given.state),
    ...(flapping === undefined ? {} : { flapping }),
    texts: EXACT.flatMap((name) => (given[name] === undefined ? [] : [[name, textOf(given, name)] as const])),
    search: textOf(given, 'search').toLowerCase(),
    limit,
    after: textOf(given, 'after'),
  };
}

/** One state, or a list of them; all when none is named. */
function statesOf(value: unknown): readonly PresenceState[] {
  if (value === undefined) return PRESENCE_STATES;
  const wanted: readonly unknown[] = Array.isArray(value) ? value : [value];
  return wanted.map((one) => {
    const state = PRESENCE_STATES.find((known) => known === one);
    if (state !== undefined) return state;
    throw invalid(`There is no state ${JSON.stringify(one)}`, `Use ${PRESENCE_STATES.join(', ')}.`);
  });
}

function textOf(given: Readonly<Record<string, unknown>>, name: string): string {
  const value = given[name] ?? '';
  if (typeof value === 'string') return value;
  throw invalid(`"${name}" must be a text`, 'Leave it out to have all.');
}

function invalid(message: string, mend: string): EgizError {
  return new EgizError('INVALID_REQUEST', message, { mend });
}
