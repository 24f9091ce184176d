/** The working week of a simulated factory: two shifts a day from Monday to Saturday, in UTC. */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The first of two shifts begins, the second ends. */
export const WORK_BEGINS = 6 * HOUR_MS;
export const WORK_ENDS = 22 * HOUR_MS;
/** Half an hour in the middle of each shift. */
export const BREAKS = [10 * HOUR_MS, 18 * HOUR_MS] as const;
export const BREAK_MS = 30 * MINUTE_MS;

/** 2020-01-01: every machine was installed then, and counts its energy from that midnight. */
export const INSTALLED_DAY = 18_262;

export interface Moment {
  /** Days since 1970. */
  readonly day: number;
  /** Milliseconds since midnight. */
  readonly time: number;
  readonly works: boolean;
}

/** @param at milliseconds since the Unix epoch */
export function momentOf(at: number): Moment {
  const day = Math.floor(at / DAY_MS);
  // 1970-01-04 was a Sunday.
  return { day, time: at - day * DAY_MS, works: (day + 4) % 7 !== 0 };
}

/** Working days from one midnight up to another. */
export function workingDays(from: number, to: number): number {
  const sundaysBefore = (day: number) => Math.floor((day + 3) / 7);
  return to - from - (sundaysBefore(to) - sundaysBefore(from));
}

/** When people come to the machines and leave them, on a working day; each change with the share that is there. */
export const PRESENCE: readonly (readonly [time: number, share: number])[] = [
  [0, 0],
  [WORK_BEGINS, 1],
  ...BREAKS.flatMap((begin) => [[begin, 0.2] as const, [begin + BREAK_MS, 1] as const]),
  [WORK_ENDS, 0],
];

/** What follows another value with a delay: warmth, air. @returns the value after `elapsed` */
export function approach(from: number, target: number, elapsed: number, delay: number): number {
  return target + (from - target) * Math.exp(-elapsed / delay);
}
