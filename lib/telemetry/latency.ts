/** Bounds of the buckets in seconds: from a loopback's to a board's clock that is wrong. */
export const LATENCY_BOUNDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

/** Milliseconds. */
export interface LatencyFigures {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Figures between the powers of two, so that a percentile is at most an eighth too high. */
const STEPS = 8;
const BUCKETS = 40 * STEPS;

/** Latencies of one interval, in a fixed number of buckets. A timestamp ahead of our clock counts as 0. */
export class Latencies {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #max = 0;

  add(ms: number): void {
    const latency = Math.max(0, ms);
    const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log2(latency + 1) * STEPS));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    if (latency > this.#max) this.#max = latency;
  }

  /** The figures since the last call; undefined when nothing came. */
  take(): LatencyFigures | undefined {
    if (this.#count === 0) return undefined;
    const figures = { p50: this.#at(0.5), p95: this.#at(0.95), p99: this.#at(0.99), max: this.#max };
    this.#counts.fill(0);
    this.#count = 0;
    this.#max = 0;
    return figures;
  }

  #at(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.#max, Math.round((2 ** ((bucket + 1) / STEPS) - 1) * 10) / 10);
    }
    return this.#max;
  }
}
