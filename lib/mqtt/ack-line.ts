interface Owed {
  readonly packetId: number;
  due: boolean;
}

const PUBACK = 0x40;
const PUBACK_BYTES = 4;

/**
 * The PUBACKs that one connection owes, in the order of arrival (MQTT 5.0 section 4.6): one that is due waits for
 * those before it. All that become due in one turn of the event loop go out in one write.
 */
export class AckLine {
  readonly #write: (pubacks: Buffer) => void;
  #owed: Owed[] = [];
  #head = 0;
  #scheduled = false;

  constructor(write: (pubacks: Buffer) => void) {
    this.#write = write;
  }

  /** @returns the function that makes the PUBACK due */
  owe(packetId: number): () => void {
    const owed: Owed = { packetId, due: false };
    this.#owed.push(owed);
    return () => {
      owed.due = true;
      if (this.#scheduled || this.#owed[this.#head]?.due !== true) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    };
  }

  #flush(): void {
    this.#scheduled = false;
    const from = this.#head;
    while (this.#owed[this.#head]?.due === true) this.#head += 1;
    const pubacks = Buffer.allocUnsafe((this.#head - from) * PUBACK_BYTES);
    for (let index = from, at = 0; index < this.#head; index += 1, at += PUBACK_BYTES) {
      pubacks.writeUInt16BE((PUBACK << 8) | 2, at);
      pubacks.writeUInt16BE(this.#owed[index]?.packetId ?? 0, at + 2);
    }
    // Half of the array is past: moving the rest costs no more than it has cost to get there.
    if (this.#head > this.#owed.length / 2) {
      this.#owed = this.#owed.slice(this.#head);
      this.#head = 0;
    }
    this.#write(pubacks);
  }
}
