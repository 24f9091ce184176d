import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { ConfigurationService } from '../../lib/commands/service';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import { Fleet } from '../../lib/fleet/fleet';
import { parseInventory } from '../../lib/inventory/parse';
import { registerInventory } from '../../lib/inventory/register';
import { OutboxPublisher, type Outlet } from '../../lib/outbox/publisher';
import { clientsProfile } from '../../lib/profiles/clients';
import { SchemaRegistry } from '../../lib/schemas/registry';
import { SHIPPED_CLIENT_SCHEMAS } from '../../lib/schemas/shipped';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { StoreConfig } from './config';
import type { OpenStore, SharedPublisher } from './store-node';

/** Deadlines, the inventory's changes, and a store that could not be opened are looked at this often. */
const TICK_MS = 1_000;
const REOPEN_MS = 5_000;

export interface StoreLog {
  /** Distinguishes this node's claims on the outbox from those of others. */
  readonly instance: string;
  readonly log: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly error: (fault: unknown) => void;
}

/** Opens the store and keeps what belongs to it alive: the service, its clock, its publishers. */
export class StoreRuntime {
  readonly #config: StoreConfig;
  readonly #log: StoreLog;
  readonly #listeners = new Set<(state: OpenStore | EgizError) => void>();
  readonly #publishers = new Map<string, SharedPublisher>();
  #state: OpenStore | EgizError = new EgizError('STORE_UNAVAILABLE', 'The store is being opened');
  #inventorySeen = '';
  #ticking: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(config: StoreConfig, log: StoreLog) {
    this.#config = config;
    this.#log = log;
  }

  start(): void {
    if (this.#closed) return;
    try {
      this.#state = this.#openStore();
    } catch (fault) {
      this.#fail(fault);
      return;
    }
    for (const [key, shared] of this.#publishers) this.#startPublisher(key, shared);
    this.#schedule(0);
    this.#tell();
  }

  #openStore(): OpenStore {
    const { file, schemas } = this.#config;
    const directories = schemas === '' ? [SHIPPED_CLIENT_SCHEMAS] : [SHIPPED_CLIENT_SCHEMAS, schemas];
    const registry = SchemaRegistry.load(directories);
    const store = openSqliteStore(file);
    const service = new ConfigurationService({
      store,
      schemas: registry,
      profiles: [clientsProfile],
      clock: Date.now,
      random: randomBytes,
    });
    return { service, fleet: new Fleet(store) };
  }

  /** Says once why there is no store, and tries again. */
  #fail(fault: unknown): void {
    const error = toEgizError(fault, 'STORE_UNAVAILABLE');
    const known = this.#state instanceof EgizError && this.#state.message === error.message;
    this.#state = new EgizError('STORE_UNAVAILABLE', error.message, error.cause);
    if (!known) this.#log.error(error);
    this.#tell();
    this.#timer = setTimeout(() => this.start(), REOPEN_MS);
    this.#timer.unref();
  }

  open(): OpenStore {
    if (this.#state instanceof EgizError) throw this.#state;
    return this.#state;
  }

  onService(listener: (state: OpenStore | EgizError) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#state);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#state);
  }

  publishThrough(key: string, outlet: Outlet): () => Promise<void> {
    const shared = this.#publishers.get(key) ?? { outlet, users: 0, publisher: undefined };
    shared.users += 1;
    this.#publishers.set(key, shared);
    this.#startPublisher(key, shared);
    return async () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      this.#publishers.delete(key);
      await shared.publisher?.stop();
    };
  }

  #startPublisher(key: string, shared: SharedPublisher): void {
    if (this.#state instanceof EgizError || shared.publisher !== undefined) return;
    shared.publisher = new OutboxPublisher({
      service: this.#state.service,
      outlet: shared.outlet,
      owner: `${this.#log.instance}/${key}`,
      random: Math.random,
      onError: this.#log.error,
    });
    shared.publisher.start();
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(() => {
      this.#ticking = this.#tick()
        .catch(this.#log.error)
        .finally(() => {
          if (!this.#closed) this.#schedule(TICK_MS);
        });
    }, delay);
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    const { service } = this.open();
    await this.#readInventory(service);
    await service.tick();
  }

  /** Reads the inventory when it is new or has changed; a faulty one changes nothing and is said once. */
  async #readInventory(service: ConfigurationService): Promise<void> {
    const { inventory } = this.#config;
    if (inventory === '') return;
    let seen = '';
    try {
      const { mtimeMs, size } = statSync(inventory);
      seen = `${mtimeMs} ${size}`;
      if (seen === this.#inventorySeen) return;
      const { registered, retired } = await registerInventory(
        service.store,
        parseInventory(readFileSync(inventory, 'utf8')),
      );
      this.#log.log(`Inventory ${inventory}: ${registered} clients, ${retired} retired`);
    } catch (fault) {
      const error = toEgizError(fault);
      seen = seen === '' ? error.message : seen;
      if (seen !== this.#inventorySeen)
        this.#log.warn(`Inventory ${inventory}: ${error.message}. The clients stay as they were.`);
    }
    this.#inventorySeen = seen;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#ticking;
    await Promise.all([...this.#publishers.values()].map((shared) => shared.publisher?.stop()));
    if (!(this.#state instanceof EgizError)) await this.#state.service.store.close();
  }
}
