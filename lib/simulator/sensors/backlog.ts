import type { Clock } from '../../time/clock';

/** A telemetry message as it was when it was measured: sent again it is the same, seq and timestamp included. */
export interface Entry {
  readonly seq: number;
  readonly payload: string;
}

/** Sends one message. @returns whether the broker has taken it */
export type Send = (entry: Entry) => Promise<boolean>;

/** FR-1.6: what a board keeps while there is no connection. */
export const MAX_ENTRIES = 1_000;
/** Unacknowledged at a moment, as in the firmware: far below FR-2.6's 100. */
const WINDOW = 16;
/** So many messages in each of these, at most: the broker refuses more than 100 a second (SEC-5). */
const SLOT_MS = 250;

/** What a board has measured and the broker not acknowledged: in order, bounded, the oldest given up first. */
export class Backlog {
  readonly #send: Send;
  readonly #clock: Clock;
  /** Ascending by seq. */
  readonly #waiting: Entry[] = [];
  #underWay = 0;
  /** Messages that may be sent before the slot is over; the slot begins with the first of them. */
  #credit = WINDOW;
  #open = false;
  #dropped = 0;
  #onEmpty: () => void = () => undefined;

  constructor(send: Send, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.length + this.#underWay;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(entry: Entry): void {
    if (this.size >= MAX_ENTRIES) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    this.#waiting.push(entry);
    this.#fill();
  }

  /** Sends what waits and what comes, until it is told to stop. */
  open(): void {
    this.#open = true;
    this.#fill();
  }

  pause(): void {
    this.#open = false;
  }

  /** Resolves when everything is acknowledged. */
  async empty(): Promise<void> {
    if (this.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  #fill(): void {
    while (this.#open && this.#underWay < WINDOW && this.#credit > 0) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      if (this.#credit === WINDOW) this.#clock.after(SLOT_MS, () => this.#nextSlot());
      this.#credit -= 1;
      this.#underWay += 1;
      void this.#send(entry).then((taken) => {
        this.#underWay -= 1;
        if (!taken) this.#putBack(entry);
        this.#fill();
        if (this.size === 0) this.#onEmpty();
      });
    }
  }

  #nextSlot(): void {
    this.#credit = WINDOW;
    this.#fill();
  }

  #putBack(entry: Entry): void {
    const place = this.#waiting.findIndex(({ seq }) => seq > entry.seq);
    this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, entry);
  }
}
