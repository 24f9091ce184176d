/**
 * The window of messages that wait for their PUBACK. What does not fit waits its turn, in order. A message
 * given up on keeps its place: the broker counts it until it has answered (MQTT 5.0 section 4.9).
 */
export class InFlightWindow<Message> {
  readonly #limit: number;
  readonly #send: (message: Message) => number;
  readonly #waiting: Message[] = [];
  readonly #inFlight = new Map<number, Message | undefined>();

  /** @param send sends a message and returns its packet identifier */
  constructor(limit: number, send: (message: Message) => number) {
    this.#limit = limit;
    this.#send = send;
  }

  get size(): number {
    return this.#inFlight.size;
  }

  add(message: Message): void {
    this.#waiting.push(message);
    this.#fill();
  }

  /** The broker has answered. Returns the message, or undefined when it had been given up. */
  settle(packetId: number): Message | undefined {
    const message = this.#inFlight.get(packetId);
    this.#inFlight.delete(packetId);
    this.#fill();
    return message;
  }

  giveUp(message: Message): void {
    const waiting = this.#waiting.indexOf(message);
    if (waiting >= 0) this.#waiting.splice(waiting, 1);
    for (const [packetId, sent] of this.#inFlight) {
      if (sent === message) this.#inFlight.set(packetId, undefined);
    }
  }

  /** Empties the window: the messages that were sent, and those that never were. */
  clear(): { readonly sent: Message[]; readonly unsent: Message[] } {
    const sent = [...this.#inFlight.values()].filter((message) => message !== undefined);
    this.#inFlight.clear();
    return { sent, unsent: this.#waiting.splice(0) };
  }

  #fill(): void {
    while (this.#inFlight.size < this.#limit) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.#inFlight.set(this.#send(message), message);
    }
  }
}
