/**
 * Chance as a function of its keys: the same seed, name and moment give the same number, in any order and in any
 * process. Nothing is remembered between two readings.
 */

/** Names one source of chance, such as the voltage noise of one board. */
export type Key = number;

/** 32 bits of the seed and the names (FNV-1a). */
export function keyOf(seed: number, ...names: readonly string[]): Key {
  let hash = mixed(seed ^ 0x811c9dc5);
  for (const char of names.join('/')) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

/** A number from 0 up to 1. @param index a whole number of any size, e.g. a time in milliseconds */
export function uniform(key: Key, index = 0): number {
  const high = Math.floor(index / 2 ** 32);
  return mixed(mixed(key ^ Math.imul(index | 0, 0x9e3779b1)) ^ high) / 2 ** 32;
}

/** From `low` up to `high`. */
export function between(low: number, high: number, key: Key, index = 0): number {
  return low + (high - low) * uniform(key, index);
}

const TERMS = 6;

/** Near enough to the normal distribution, of deviation 1, and without tails that a sensor could not show. */
export function gaussian(key: Key, index: number): number {
  let sum = -TERMS / 2;
  for (let term = 0; term < TERMS; term++) sum += uniform(key + term, index);
  return sum / Math.sqrt(TERMS / 12);
}

/** A curve that wanders between -1 and 1, with a new aim each period; smooth between them. */
export function drift(key: Key, at: number, periodMs: number): number {
  const place = at / periodMs;
  const index = Math.floor(place);
  const part = place - index;
  const weight = part * part * (3 - 2 * part);
  return 2 * (uniform(key, index) * (1 - weight) + uniform(key, index + 1) * weight) - 1;
}

/** The finalizer of MurmurHash3: every bit of the outcome depends on every bit that goes in. */
function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
