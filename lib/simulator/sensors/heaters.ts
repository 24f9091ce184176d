import { between, keyOf, uniform } from './noise';
import { ROOM } from './oven';
import { approach, HOUR_MS, MINUTE_MS, momentOf, WORK_ENDS } from './shifts';

/** Three heaters, each in a zone of its own and on a phase of its own. */
export const HEATERS = [1, 2, 3] as const;

/** What differs between the zones of one oven. */
export interface Heaters {
  /** Degrees each zone is off the others when all heat. */
  readonly offsets: readonly number[];
  readonly weak: WeakHeater | undefined;
}

/** On working days it loses its power from a moment on, and is mended when the shift is over. */
interface WeakHeater {
  readonly zone: number;
  /** Milliseconds since midnight. */
  readonly fails: number;
  /** Degrees that its zone misses in the end. */
  readonly misses: number;
}

/** One oven in so many has a weak heater. */
const ONE_IN = 4;
const FAILING_MS = 90 * MINUTE_MS;
const RECOVERING_MS = 20 * MINUTE_MS;
/** Of its power a heater that has failed gives nearly nothing. */
const POWER_LOST = 0.9;

/** The heaters that the seed gives a piece of equipment. */
export function heatersOf(seed: number, equipment: string): Heaters {
  const key = (name: string) => keyOf(seed, equipment, 'heater', name);
  const weak: WeakHeater = {
    zone: 1 + Math.floor(uniform(key('zone')) * HEATERS.length),
    fails: between(7 * HOUR_MS, 11 * HOUR_MS, key('fails')),
    misses: between(35, 60, key('misses')),
  };
  return {
    offsets: HEATERS.map((zone) => between(-2, 2, key(`zone ${zone}`))),
    weak: uniform(key('weak')) < 1 / ONE_IN ? weak : undefined,
  };
}

/** What one heater's zone is above or below the oven's temperature. @param temperature of the oven */
export function zoneDifference(
  heaters: Heaters,
  zone: number,
  at: number,
  oven: { setpoint: number; temperature: number },
): number {
  const share = (oven.temperature - ROOM) / Math.max(1, oven.setpoint - ROOM);
  const { offsets, weak } = heaters;
  const missing = weak?.zone === zone ? weak.misses * failed(weak, at) : 0;
  return ((offsets[zone - 1] ?? 0) - missing) * Math.min(1, share);
}

/** Each heater's share of the oven's power: when one fails the others make up for it. */
export function powerShares({ weak }: Heaters, at: number): number[] {
  const equal = 1 / HEATERS.length;
  if (weak === undefined) return HEATERS.map(() => equal);
  const lost = equal * POWER_LOST * failed(weak, at);
  return HEATERS.map((zone) => (zone === weak.zone ? equal - lost : equal + lost / (HEATERS.length - 1)));
}

/** How far it has failed: 0 for not at all, 1 for wholly. */
function failed({ fails }: WeakHeater, at: number): number {
  const { time, works } = momentOf(at);
  if (!works || time < fails) return 0;
  const falling = (until: number) => approach(0, 1, until - fails, FAILING_MS);
  if (time < WORK_ENDS) return falling(time);
  return approach(falling(WORK_ENDS), 0, time - WORK_ENDS, RECOVERING_MS);
}
