interface Failures {
  count: number;
  until: number;
}

const FIRST_LOCK_MS = 30_000;
const LONGEST_LOCK_MS = 15 * 60_000;
const REMEMBERED = 10_000;

/**
 * Slows guessing down: after a few free failures each further one locks the key (a name, an address) for twice as
 * long, from half a minute to a quarter of an hour. A success forgets them.
 */
export class LoginLimit {
  readonly #failures = new Map<string, Failures>();
  readonly #free: number;
  readonly #now: () => number;

  /** @param free failures before the first lock */
  constructor(free: number, now: () => number) {
    this.#free = free;
    this.#now = now;
  }

  /** Milliseconds until the key may try again; 0 when it may. */
  waitFor(key: string): number {
    return Math.max(0, (this.#failures.get(key)?.until ?? 0) - this.#now());
  }

  failed(key: string): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const lock =
      count < this.#free ? 0 : Math.min(LONGEST_LOCK_MS, FIRST_LOCK_MS * 2 ** (count - this.#free));
    this.#failures.delete(key);
    this.#failures.set(key, { count, until: this.#now() + lock });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= REMEMBERED) break;
      this.#failures.delete(oldest);
    }
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
