import { readFileSync, statSync } from 'node:fs';
import { toEgizError } from '../../lib/errors/egiz-error';
import { parseInventory } from '../../lib/inventory/parse';
import { registerInventory } from '../../lib/inventory/register';
import type { Store } from '../../lib/store/store';

/** Keeps the store's clients those of the inventory file. */
export class InventoryWatch {
  readonly #file: string;
  readonly #log: (text: string) => void;
  readonly #warn: (text: string) => void;
  #seen = '';

  /** @param file the inventory's path; empty without one */
  constructor(file: string, log: (text: string) => void, warn: (text: string) => void) {
    this.#file = file;
    this.#log = log;
    this.#warn = warn;
  }

  /**
   * Registers the clients when the file is new or has changed; a faulty one changes nothing and is said once.
   * @throws EgizError `STORE_UNAVAILABLE`; the file is then read again the next time
   */
  async check(store: Store): Promise<void> {
    if (this.#file === '') return;
    let seen = '';
    try {
      const { mtimeMs, size } = statSync(this.#file);
      seen = `${mtimeMs} ${size}`;
      if (seen === this.#seen) return;
      const inventory = parseInventory(readFileSync(this.#file, 'utf8'));
      const { registered, retired } = await registerInventory(store, inventory);
      this.#log(`Inventory ${this.#file}: ${registered} clients, ${retired} retired`);
    } catch (fault) {
      const error = toEgizError(fault);
      if (error.code === 'STORE_UNAVAILABLE') throw error;
      if (seen === '') seen = error.message;
      if (seen !== this.#seen) {
        this.#warn(`Inventory ${this.#file}: ${error.message}. The clients stay as they were.`);
      }
    }
    this.#seen = seen;
  }
}
