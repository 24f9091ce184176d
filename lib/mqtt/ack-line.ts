interface Owed {
  readonly packetId: number;
  due: boolean;
}

const PUBACK = 0x40;
const PUBACK_BYTES = 4;
/** So many go out at once: fewer than any broker sends without an answer by default. */
const MANY = 16;
/** Fewer wait so long for company: a TLS record costs more than all else there is to a PUBACK. */
const LINGER_MS = 5;

/**
 * The PUBACKs that one connection owes, in the order of arrival (MQTT 5.0 section 4.6): one that is due waits for
 * those before it. Many go out in one write.
 */
export class AckLine {
  readonly #write: (pubacks: Buffer) => void;
  #owed: Owed[] = [];
  #head = 0;
  /** How many are due and not written. */
  #due = 0;
  #later: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;

  constructor(write: (pubacks: Buffer) => void) {
    this.#write = write;
  }

  /** @returns the function that makes the PUBACK due */
  owe(packetId: number): () => void {
    const owed: Owed = { packetId, due: false };
    this.#owed.push(owed);
    return () => {
      owed.due = true;
      this.#due += 1;
      if (this.#owed[this.#head]?.due === true) this.#schedule();
    };
  }

  #schedule(): void {
    if (this.#due >= MANY) this.#soon ??= setImmediate(() => this.#flush());
    else this.#later ??= setTimeout(() => this.#flush(), LINGER_MS);
  }

  #flush(): void {
    clearTimeout(this.#later);
    clearImmediate(this.#soon);
    this.#later = undefined;
    this.#soon = undefined;
    const from = this.#head;
    while (this.#owed[this.#head]?.due === true) this.#head += 1;
    const count = this.#head - from;
    const pubacks = Buffer.allocUnsafe(count * PUBACK_BYTES);
    for (let index = from, at = 0; index < this.#head; index += 1, at += PUBACK_BYTES) {
      pubacks.writeUInt16BE((PUBACK << 8) | 2, at);
      pubacks.writeUInt16BE(this.#owed[index]?.packetId ?? 0, at + 2);
    }
    this.#due -= count;
    // Half of the array is past: moving the rest costs no more than it has cost to get there.
    if (this.#head > this.#owed.length / 2) {
      this.#owed = this.#owed.slice(this.#head);
      this.#head = 0;
    }
    this.#write(pubacks);
  }
}
