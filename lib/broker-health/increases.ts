/** No question is about more than this. */
const KEPT_MS = 3_600_000;

interface Increase {
  readonly at: number;
  readonly by: number;
}

/** What counters have gained, and when. A counter that is smaller than before has begun anew. */
export class Increases {
  readonly #values = new Map<string, number>();
  readonly #gains = new Map<string, Increase[]>();

  /**
   * @param retained the broker had kept the value since before we listened. One that comes unasked is a change, even
   *   when the value before is not known: Mosquitto publishes only what has changed.
   */
  note(name: string, value: number, retained: boolean, now: number): void {
    const before = this.#values.get(name);
    this.#values.set(name, value);
    const by = gained(before, value, retained);
    if (by <= 0) return;
    const gains = (this.#gains.get(name) ?? []).filter(({ at }) => now - at < KEPT_MS);
    this.#gains.set(name, [...gains, { at: now, by }]);
  }

  /** What the counter has gained in the last `ms`. */
  within(name: string, ms: number, now: number): number {
    const gains = this.#gains.get(name) ?? [];
    return gains.reduce((sum, { at, by }) => (now - at < ms ? sum + by : sum), 0);
  }
}

function gained(before: number | undefined, value: number, retained: boolean): number {
  if (before === undefined) return retained || value === 0 ? 0 : 1;
  return value >= before ? value - before : value;
}
