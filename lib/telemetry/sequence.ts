import { RecentBits } from './recent-bits';

/** What a sequence number says of the messages of one topic. */
export type Arrival =
  /** The first of its kind. */
  | 'new'
  /** It has come before. */
  | 'duplicate'
  /** Newer ones came before it; it was counted as lost, or is too old to tell. */
  | 'late';

export interface Numbering {
  readonly boot: number;
  readonly seq: number;
  /**
   * The broker sends it once more (DUP, MQTT 5.0 section 3.3.1.1). It keeps the order of a topic: what is far behind was
   * here before what is ahead of it.
   */
  readonly again: boolean;
}

/** `seq` runs from 1 to this and begins again at 1 (SPEC 4: unsigned 32-bit). */
const LAST_SEQ = 0xffff_ffff;
/** `boot_id` counts through all 32 bits. */
const BOOTS = 0x1_0000_0000;
/**
 * How many numbers behind the highest one are remembered. More than a board can have under way: Mosquitto, restarted,
 * sends again what it had no answer for, without saying that it does.
 */
const WINDOW = 512;
/** So many messages in a row of a lower boot_id: the board has lost its flash and counts from anew. */
const BEGAN_ANEW = 3;

/**
 * The numbers of one topic: what is missing, doubled, late. A missing number may still come for a while, since a
 * broker sends again what was not acknowledged; `settle` says when it is lost. Two bits a number, so that a hundred
 * thousand topics fit.
 */
export class Sequence {
  #boot: number;
  #highest: number;
  /** Of the numbers from `highest` down: which have come, */
  readonly #seen = new RecentBits(WINDOW);
  /** and which are missing and not yet counted as lost. */
  readonly #missing = new RecentBits(WINDOW);
  #missingCount = 0;
  #otherBoot = -1;
  #otherBootSeen = 0;
  /** When the oldest number that is still missing was found to be, milliseconds. */
  #missingSince = 0;

  /** The first message tells where counting begins: what came before it is not known to be lost. */
  constructor(boot: number, seq: number) {
    this.#boot = boot;
    this.#highest = seq;
    this.#seen.set(0, true);
  }

  get waits(): boolean {
    return this.#missingCount > 0;
  }

  /**
   * @param now milliseconds
   * @param onLost told how many numbers can no longer come
   */
  arrive({ boot, seq, again }: Numbering, now: number, onLost: (count: number) => void): Arrival {
    if (boot === this.#boot) {
      this.#otherBootSeen = 0;
      const ahead = distance(this.#highest, seq, LAST_SEQ);
      if (ahead > 0) this.#advance(ahead, seq, now, onLost);
      else return this.#behind(-ahead, again);
      return 'new';
    }
    if (distance(this.#boot, boot, BOOTS) > 0) {
      // Counting begins at 1 in each boot.
      this.#begin(boot, seq, onLost);
      if (seq > 1) onLost(seq - 1);
      return 'new';
    }
    return this.#lowerBoot(boot, seq, onLost);
  }

  /** @returns how many numbers are lost: those that have been missing since before `before` */
  settle(before: number): number {
    if (this.#missingCount === 0 || this.#missingSince > before) return 0;
    const lost = this.#missingCount;
    this.#missing.clear();
    this.#missingCount = 0;
    return lost;
  }

  #begin(boot: number, seq: number, onLost: (count: number) => void): void {
    if (this.#missingCount > 0) onLost(this.#missingCount);
    this.#boot = boot;
    this.#highest = seq;
    this.#seen.clear();
    this.#seen.set(0, true);
    this.#missing.clear();
    this.#missingCount = 0;
    this.#otherBootSeen = 0;
  }

  #advance(ahead: number, seq: number, now: number, onLost: (count: number) => void): void {
    const gap = ahead - 1;
    if (gap > 0 && this.#missingCount === 0) this.#missingSince = now;
    // What leaves the window can no longer be told from what had come.
    let lost = Math.max(0, gap - (WINDOW - 1));
    for (let step = Math.min(ahead, WINDOW); step > 0; step -= 1) {
      if (this.#missing.shift()) lost += 1;
      this.#seen.shift();
      this.#missing.set(0, step > 1);
      this.#seen.set(0, step === 1);
    }
    this.#missingCount += gap - lost;
    this.#highest = seq;
    if (lost > 0) onLost(lost);
  }

  #behind(by: number, again: boolean): Arrival {
    if (by >= WINDOW) return again ? 'duplicate' : 'late';
    if (this.#seen.get(by)) return 'duplicate';
    this.#seen.set(by, true);
    if (!this.#missing.get(by)) return 'late';
    this.#missing.set(by, false);
    this.#missingCount -= 1;
    return 'new';
  }

  /** A straggler of an earlier boot, or a board whose flash was erased. */
  #lowerBoot(boot: number, seq: number, onLost: (count: number) => void): Arrival {
    this.#otherBootSeen = boot === this.#otherBoot ? this.#otherBootSeen + 1 : 1;
    this.#otherBoot = boot;
    if (this.#otherBootSeen < BEGAN_ANEW) return 'late';
    this.#begin(boot, seq, onLost);
    return 'new';
  }
}

/** How far `to` is ahead of `from` on a circle of so many numbers; negative when it is behind. */
function distance(from: number, to: number, numbers: number): number {
  const ahead = (((to - from) % numbers) + numbers) % numbers;
  return ahead > numbers / 2 ? ahead - numbers : ahead;
}
