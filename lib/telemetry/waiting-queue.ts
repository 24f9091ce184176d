/** What becomes of messages that come faster than the flow takes them. */
export type Policy =
  /** Of what comes, a share chosen at random is kept: the fuller the queue, the smaller. */
  | 'sample'
  /** Of each device the newest message is kept. */
  | 'latest'
  /** Nothing is shed: what does not fit is neither acknowledged nor read, and waits at the broker. */
  | 'refuse';

export interface Waiting {
  /** Messages of one key stand for each other under the policy `latest`. */
  readonly key: string;
}

export interface QueueOptions<Entry> {
  readonly policy: Policy;
  /** Most entries that wait. */
  readonly limit: number;
  readonly onShed: (entry: Entry) => void;
  /** A number from 0 up to 1. */
  readonly random: () => number;
}

/**
 * What waits for the flow, in the order it came, never more than the limit: from half of it on `sample` and `latest`
 * shed. Under `refuse` what had been read already may go beyond it.
 */
export class WaitingQueue<Entry extends Waiting> {
  readonly #options: QueueOptions<Entry>;
  #entries: Entry[] = [];
  #head = 0;
  /** Where the entry of each key stands, counted from the first entry ever: `latest` alone needs it. */
  readonly #places = new Map<string, number>();
  /** Entries that have been moved out of the way of `#entries`. */
  #past = 0;

  constructor(options: QueueOptions<Entry>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  get first(): Entry | undefined {
    return this.#entries[this.#head];
  }

  /** Under `refuse` whoever adds is to wait when this is false; the other policies make room themselves. */
  get hasRoom(): boolean {
    return this.#options.policy !== 'refuse' || this.size < this.#options.limit;
  }

  add(entry: Entry): void {
    const { policy, onShed } = this.#options;
    if (policy === 'latest') this.#addLatest(entry);
    else if (policy === 'refuse' || this.#spares()) this.#entries.push(entry);
    else onShed(entry);
  }

  shift(): Entry | undefined {
    const entry = this.first;
    if (entry === undefined) return undefined;
    if (this.#places.get(entry.key) === this.#past + this.#head) this.#places.delete(entry.key);
    this.#head += 1;
    // Half of the array is past: moving the rest costs no more than it has cost to get there.
    if (this.#head > 1_000 && this.#head > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#head);
      this.#past += this.#head;
      this.#head = 0;
    }
    return entry;
  }

  /** At random: every second or third of a fleet that reports in turn would always be the same boards. */
  #spares(): boolean {
    const { limit, random } = this.#options;
    const full = this.size / limit;
    if (full < 0.5) return true;
    return full < 1 && random() < 2 * (1 - full);
  }

  #addLatest(entry: Entry): void {
    const { limit, onShed } = this.#options;
    const place = this.#places.get(entry.key);
    if (place !== undefined && this.size >= limit / 2) {
      const index = place - this.#past;
      const older = this.#entries[index];
      this.#entries[index] = entry;
      if (older !== undefined) onShed(older);
      return;
    }
    // More devices than places: the one that has waited longest.
    if (this.size >= limit) {
      const oldest = this.shift();
      if (oldest !== undefined) onShed(oldest);
    }
    this.#places.set(entry.key, this.#past + this.#entries.length);
    this.#entries.push(entry);
  }
}
