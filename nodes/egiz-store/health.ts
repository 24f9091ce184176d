import type { EgizError } from '../../lib/errors/egiz-error';
import { toEgizError } from '../../lib/errors/egiz-error';
import type { Store } from '../../lib/store/store';

/** A full disk still reads: only when nothing has failed for this long is the store well again. */
const WELL_AFTER_MS = 5_000;

export type HealthListener = (fault: EgizError | undefined) => void;

/** Whether the store can be used, judged by what became of its transactions. */
export class StoreHealth {
  readonly #clock: () => number;
  readonly #listeners = new Set<HealthListener>();
  #fault: EgizError | undefined;
  #failedAt = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Told at once and at each change. Returns the function that ends it. */
  onChange(listener: HealthListener): () => void {
    this.#listeners.add(listener);
    listener(this.#fault);
    return () => this.#listeners.delete(listener);
  }

  fail(fault: EgizError): void {
    this.#failedAt = this.#clock();
    if (this.#fault?.message !== fault.message) this.#set(fault);
  }

  /** The store has been opened. */
  recover(): void {
    if (this.#fault !== undefined) this.#set(undefined);
  }

  /** To be called now and then: forgets a fault that is long past. */
  settle(): void {
    if (this.#clock() - this.#failedAt >= WELL_AFTER_MS) this.recover();
  }

  #set(fault: EgizError | undefined): void {
    this.#fault = fault;
    for (const listener of this.#listeners) listener(fault);
  }
}

/** The same store, whose failed transactions are seen by `health`. */
export function watchedStore(store: Store, health: StoreHealth): Store {
  return {
    async transaction(work) {
      try {
        return await store.transaction(work);
      } catch (fault) {
        const error = toEgizError(fault);
        if (error.code === 'STORE_UNAVAILABLE') health.fail(error);
        throw fault;
      }
    },
    onOutbox: (listener) => store.onOutbox(listener),
    backup: (path) => store.backup(path),
    close: () => store.close(),
  };
}
