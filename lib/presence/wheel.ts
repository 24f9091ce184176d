/** Slots of a second are fine enough for times of a minute, and few enough to turn through. */
export const SLOT_MS = 250;

/**
 * A timer wheel: any number of keys, each due at a time of its own, looked after by whoever calls `due` now and
 * then. Setting a key costs the same for ten as for ten thousand.
 */
export class DeadlineWheel {
  readonly #slots = new Map<number, string[]>();
  readonly #slotOf = new Map<string, number>();
  #turned: number;

  /** @param now milliseconds since the Unix epoch, as everywhere here */
  constructor(now: number) {
    this.#turned = slotAt(now);
  }

  /** Replaces the time the key had. */
  set(key: string, at: number): void {
    // What is due already comes with the next turn.
    const slot = Math.max(Math.ceil(at / SLOT_MS), this.#turned + 1);
    if (this.#slotOf.get(key) === slot) return;
    this.#slotOf.set(key, slot);
    const keys = this.#slots.get(slot);
    if (keys === undefined) this.#slots.set(slot, [key]);
    else keys.push(key);
  }

  delete(key: string): void {
    this.#slotOf.delete(key);
  }

  /** Takes out the keys whose time has come, the earliest first. */
  due(now: number): string[] {
    const found: string[] = [];
    const until = slotAt(now);
    // After a long sleep of the machine there are more slots to turn than are filled.
    const slots =
      until - this.#turned > this.#slots.size
        ? [...this.#slots.keys()].filter((slot) => slot <= until).sort((one, other) => one - other)
        : range(this.#turned + 1, until);
    for (const slot of slots) {
      for (const key of this.#slots.get(slot) ?? []) {
        // A key that was set anew lies in its old slot, too, and counts there no more.
        if (this.#slotOf.get(key) !== slot) continue;
        this.#slotOf.delete(key);
        found.push(key);
      }
      this.#slots.delete(slot);
    }
    this.#turned = Math.max(this.#turned, until);
    return found;
  }
}

function slotAt(time: number): number {
  return Math.floor(time / SLOT_MS);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}
