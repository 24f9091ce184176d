import { type EgizError, toEgizError } from '../errors/egiz-error';
import type { Clock } from '../time/clock';
import { type EdgeState, type EdgeStateStore, emptyState } from './state';

/** A change that may be lost in a crash, because it would only be made again, is saved this much later. */
const LAZY_MS = 500;
const RETRY_MS = 5_000;

/** The state of an edge client, in memory and in its store. */
export class EdgeMemory {
  readonly #store: EdgeStateStore;
  readonly #clock: Clock;
  #state: EdgeState;
  #cancelSave: (() => void) | undefined;

  /** @param bootId of this start; the sequence numbers go on when the saved state is of the same boot */
  constructor(store: EdgeStateStore, clock: Clock, bootId: string, onWarning: (warning: EgizError) => void) {
    this.#store = store;
    this.#clock = clock;
    let saved: EdgeState | undefined;
    try {
      saved = store.load();
    } catch (fault) {
      onWarning(toEgizError(fault));
    }
    const state = saved ?? emptyState(bootId);
    this.#state = state.bootId === bootId ? state : { ...state, bootId, seq: 0 };
  }

  get state(): EdgeState {
    return this.#state;
  }

  /** Changes the state durably, or not at all. @throws what the store throws */
  change(update: (state: EdgeState) => EdgeState): void {
    const next = update(this.#state);
    this.#store.save(next);
    this.#state = next;
    this.#cancelSave?.();
    this.#cancelSave = undefined;
  }

  /** Changes the state even if it cannot be saved now; returns what was wrong then. */
  changeAnyway(update: (state: EdgeState) => EdgeState): EgizError | undefined {
    try {
      this.change(update);
      return undefined;
    } catch (fault) {
      this.changeLazily(update);
      return toEgizError(fault);
    }
  }

  changeLazily(update: (state: EdgeState) => EdgeState): void {
    this.#state = update(this.#state);
    this.#cancelSave ??= this.#clock.after(LAZY_MS, () => this.flush());
  }

  /** Saves what is not yet saved, now or when the store takes it again. */
  flush(): void {
    if (this.#cancelSave === undefined) return;
    this.#cancelSave();
    this.#cancelSave = undefined;
    try {
      this.#store.save(this.#state);
    } catch {
      this.#cancelSave = this.#clock.after(RETRY_MS, () => this.flush());
    }
  }
}
