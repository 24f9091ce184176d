/** A turn of the event loop that takes longer keeps the socket waiting. */
const LONG_MS = 50;
const MOST = 2_000;

/**
 * How many messages a turn of the event loop may hand over. What a flow does with them happens before the next turn:
 * a flow that takes long gets fewer, down to one, so that the socket is read in between and keepalive is kept.
 */
export class Pace {
  #messages = 50;

  get messages(): number {
    return this.#messages;
  }

  /** @param ms how long it took from the end of the last turn to the beginning of this one, with work left over */
  adjust(ms: number): void {
    if (ms > LONG_MS) this.#messages = Math.max(1, Math.floor(this.#messages / 2));
    else this.#messages = Math.min(MOST, Math.ceil(this.#messages * 1.25));
  }
}
