/** Percentiles of a set of durations, nearest rank. */
export interface Percentiles {
  readonly n: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export function percentiles(durations: readonly number[]): Percentiles {
  const sorted = [...durations].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { n: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** One line of a table: milliseconds, and against the reference of the same run. */
export function row(name: string, { n, p50, p95, p99, max }: Percentiles, reference?: Percentiles): string {
  const ms = (value: number) => value.toFixed(1).padStart(8);
  const ratio =
    reference === undefined ? '' : `   ${(p50 / reference.p50).toFixed(1)}x the reference's median`;
  return `${name.padEnd(34)} n ${String(n).padStart(6)}  p50${ms(p50)}  p95${ms(p95)}  p99${ms(p99)}  max${ms(max)} ms${ratio}`;
}
