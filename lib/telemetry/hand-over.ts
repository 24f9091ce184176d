import type { Clock } from '../time/clock';
import { Pace } from './pace';
import type { Waiting, WaitingQueue } from './waiting-queue';

/** What is handed over: it leaves the queue, and when the flow has it `acknowledge` is called once. */
export interface Deliverable extends Waiting {
  /** When it came, by the clock. */
  readonly arrivedAt: number;
  acknowledge(): void;
}

export interface HandOverOptions<Entry extends Deliverable> {
  readonly queue: WaitingQueue<Entry>;
  /** One by one without it. */
  readonly batch?: { readonly size: number; readonly ms: number } | undefined;
  /** How many messages or batches may be under way until the flow confirms one; without it none is waited for. */
  readonly unconfirmed?: number | undefined;
  /** Gives one message or batch to the flow. False: there is nothing in it that the flow will confirm. */
  readonly give: (entries: readonly Entry[]) => boolean;
  readonly clock: Clock;
}

interface UnderWay {
  readonly entries: readonly Deliverable[];
  readonly since: number;
}

/** After so long what the flow has not confirmed counts as lost by it, and is waited for no more. */
export const CONFIRM_TIMEOUT_MS = 30_000;

/**
 * Takes messages from the queue to the flow, some in each turn of the event loop. A message is acknowledged when the
 * flow has been given it, or has confirmed it.
 */
export class HandOver<Entry extends Deliverable> {
  readonly #options: HandOverOptions<Entry>;
  readonly #pace = new Pace();
  #underWay: UnderWay[] = [];
  #running = false;
  #scheduled = false;
  /** When the last turn ended that left work over. */
  #left: number | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: HandOverOptions<Entry>) {
    this.#options = options;
  }

  /** Messages or batches that the flow has yet to confirm. */
  get underWay(): number {
    return this.#underWay.length;
  }

  start(): void {
    this.#running = true;
    this.wake();
  }

  stop(): void {
    this.#running = false;
    this.#cancelTimer?.();
  }

  /** Something was put into the queue. */
  wake(): void {
    if (!this.#running || this.#scheduled) return;
    if (this.#next() === undefined) {
      this.#wait();
    } else {
      this.#scheduled = true;
      setImmediate(() => this.#turn());
    }
  }

  /** The flow has done with the oldest of what is under way. */
  confirm(): void {
    this.#release(1);
    this.wake();
  }

  /** @returns how many were given up because the flow has not confirmed them in time */
  giveUpOld(): number {
    const before = this.#options.clock.now() - CONFIRM_TIMEOUT_MS;
    const old = this.#underWay.filter(({ since }) => since <= before).length;
    this.#release(old);
    if (old > 0) this.wake();
    return old;
  }

  #release(count: number): void {
    for (const { entries } of this.#underWay.splice(0, count))
      for (const entry of entries) entry.acknowledge();
  }

  #turn(): void {
    this.#scheduled = false;
    if (!this.#running) return;
    if (this.#left !== undefined) this.#pace.adjust(performance.now() - this.#left);
    for (let left = this.#pace.messages; left > 0; ) {
      const count = this.#next();
      if (count === undefined) break;
      this.#give(count);
      left -= count;
    }
    this.#left = this.#next() === undefined ? undefined : performance.now();
    this.wake();
  }

  #give(count: number): void {
    const { queue, unconfirmed, give, clock } = this.#options;
    const entries: Entry[] = [];
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
      entries.push(entry);
      if (entries.length === count) break;
    }
    const confirmable = give(entries);
    if (unconfirmed !== undefined && confirmable) this.#underWay.push({ entries, since: clock.now() });
    else for (const entry of entries) entry.acknowledge();
  }

  /** How many messages go together now; undefined when nothing is to go. */
  #next(): number | undefined {
    const { queue, batch, unconfirmed, clock } = this.#options;
    const { first } = queue;
    if (first === undefined) return undefined;
    if (unconfirmed !== undefined && this.#underWay.length >= unconfirmed) return undefined;
    if (batch === undefined) return 1;
    if (queue.size >= batch.size) return batch.size;
    return clock.now() - first.arrivedAt >= batch.ms ? queue.size : undefined;
  }

  /** Until the batch that is being gathered is due, however few messages it has. */
  #wait(): void {
    const { queue, batch, clock } = this.#options;
    if (batch === undefined || queue.first === undefined || this.#cancelTimer !== undefined) return;
    const due = queue.first.arrivedAt + batch.ms - clock.now();
    this.#cancelTimer = clock.after(Math.max(1, due), () => {
      this.#cancelTimer = undefined;
      this.wake();
    });
  }
}
