/** SPEC 3: full-jitter exponential backoff, base 1 s, cap 60 s. */
const BASE_MS = 1_000;
const CAP_MS = 60_000;

/**
 * How long to wait before attempt number `attempts + 1`.
 * @param attempts failed attempts so far, from 1
 * @param random a number from 0 up to 1
 * @returns milliseconds
 */
export function backoffMs(attempts: number, random: number): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempts - 1, 16));
  return Math.round(random * ceiling);
}
