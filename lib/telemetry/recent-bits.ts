const WORD = 32;

/** One bit for each of the last so many, the newest at 0. */
export class RecentBits {
  readonly #words: Uint32Array;
  readonly #size: number;
  /** Where bit 0 lies; it walks round. */
  #newest = 0;

  /** @param size a multiple of 32 */
  constructor(size: number) {
    this.#size = size;
    this.#words = new Uint32Array(size / WORD);
  }

  get(back: number): boolean {
    const at = this.#at(back);
    return ((this.#word(at) >>> (at % WORD)) & 1) === 1;
  }

  set(back: number, value: boolean): void {
    const at = this.#at(back);
    const bit = 1 << (at % WORD);
    this.#words[Math.floor(at / WORD)] = value ? this.#word(at) | bit : this.#word(at) & ~bit;
  }

  /** Makes room for one more, whose bit is that of the oldest until it is set. @returns the bit of the oldest, which is gone */
  shift(): boolean {
    const oldest = this.get(this.#size - 1);
    this.#newest = (this.#newest + 1) % this.#size;
    return oldest;
  }

  clear(): void {
    this.#words.fill(0);
  }

  #at(back: number): number {
    return (this.#newest - back + this.#size) % this.#size;
  }

  #word(at: number): number {
    return this.#words[Math.floor(at / WORD)] ?? 0;
  }
}
