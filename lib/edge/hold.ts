import type { Clock } from '../time/clock';

/** The session's queue counts as delivered when nothing came for this long. */
const QUIET_MS = 150;
/** What was taken is applied after this long, whether or not the broker can be reached. */
const MAX_HOLD_MS = 5_000;

/**
 * Holds commands back until the broker has delivered what its session had queued, so that of several revisions
 * only the newest is applied. MQTT does not tell when that is: a short silence does.
 */
export class Hold {
  readonly #clock: Clock;
  readonly #onRelease: () => void;
  #held = false;
  #cancelMaximum: () => void = () => undefined;
  #cancelQuiet: () => void = () => undefined;

  constructor(clock: Clock, onRelease: () => void) {
    this.#clock = clock;
    this.#onRelease = onRelease;
  }

  get held(): boolean {
    return this.#held;
  }

  begin(): void {
    this.#held = true;
    this.#cancelMaximum();
    this.#cancelMaximum = this.#clock.after(MAX_HOLD_MS, () => this.end());
  }

  /** Something has been delivered, or may be from now on: the silence begins anew. */
  awaitQuiet(): void {
    if (!this.#held) this.begin();
    this.#cancelQuiet();
    this.#cancelQuiet = this.#clock.after(QUIET_MS, () => this.end());
  }

  end(): void {
    this.cancel();
    this.#held = false;
    this.#onRelease();
  }

  cancel(): void {
    this.#cancelMaximum();
    this.#cancelQuiet();
  }
}
