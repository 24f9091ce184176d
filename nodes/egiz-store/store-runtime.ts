import { randomBytes } from 'node:crypto';
import { ConfigurationService } from '../../lib/commands/service';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import { Fleet } from '../../lib/fleet/fleet';
import { EngineMetrics } from '../../lib/metrics/engine';
import { registry as metricsRegistry } from '../../lib/metrics/registry';
import { OutboxPublisher, type Outlet } from '../../lib/outbox/publisher';
import { shippedProfiles } from '../../lib/profiles/profiles';
import { SchemaRegistry } from '../../lib/schemas/registry';
import { SHIPPED_CLIENT_SCHEMAS } from '../../lib/schemas/shipped';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { StoreConfig } from './config';
import { type HealthListener, StoreHealth, watchedStore } from './health';
import { InventoryWatch } from './inventory-watch';
import type { OpenStore, StoreApi } from './store-node';

/** Deadlines and the inventory's changes are looked at this often. */
const TICK_MS = 1_000;
/** A store that could not be opened is tried again this often. */
const REOPEN_MS = 2_000;

const metrics = new EngineMetrics(metricsRegistry);

export interface StoreLog {
  /** Distinguishes this node's claims on the outbox from those of others. */
  readonly instance: string;
  readonly log: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly error: (fault: EgizError) => void;
}

/** A publisher and how many nodes use it. */
interface SharedPublisher {
  readonly outlet: Outlet;
  users: number;
  publisher: OutboxPublisher | undefined;
}

/** Opens the store and keeps what belongs to it alive: the service, its clock, its publishers. */
export class StoreRuntime implements StoreApi {
  readonly #read: () => StoreConfig;
  readonly #log: StoreLog;
  readonly #health = new StoreHealth(Date.now);
  readonly #listeners = new Set<(state: OpenStore | EgizError) => void>();
  readonly #publishers = new Map<string, SharedPublisher>();
  readonly #stopping = new Set<Promise<void>>();
  readonly #unwatch: () => void;
  #state: OpenStore | EgizError = new EgizError('STORE_UNAVAILABLE', 'The store is being opened');
  #ticking: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param read the node's configuration; what it throws keeps the store closed */
  constructor(read: () => StoreConfig, log: StoreLog) {
    this.#read = read;
    this.#log = log;
    this.#unwatch = metrics.watch(() => this.open().service);
    this.#health.onChange((fault) => {
      if (fault !== undefined && !this.#closed) log.error(fault);
    });
  }

  start(): void {
    if (this.#closed) return;
    try {
      const config = this.#read();
      const inventory = new InventoryWatch(config.inventory, this.#log.log, this.#log.warn);
      this.#ticking = this.#begin(this.#openStore(config), inventory);
    } catch (fault) {
      this.#fail(fault);
    }
  }

  /** A report that came before the clients are known would fit none of them: the inventory is read first. */
  async #begin(open: OpenStore, inventory: InventoryWatch): Promise<void> {
    await inventory.check(open.service.store).catch((fault: unknown) => this.#report(fault));
    if (this.#closed) {
      await open.service.store.close();
      return;
    }
    this.#state = open;
    this.#health.recover();
    for (const [key, shared] of this.#publishers) this.#startPublisher(key, shared);
    this.#schedule(TICK_MS, inventory);
    this.#tell();
  }

  #openStore({ file, schemas }: StoreConfig): OpenStore {
    const directories = schemas === '' ? [SHIPPED_CLIENT_SCHEMAS] : [SHIPPED_CLIENT_SCHEMAS, schemas];
    const registry = SchemaRegistry.load(directories);
    const store = watchedStore(openSqliteStore(file), this.#health);
    const service = new ConfigurationService({
      store,
      schemas: registry,
      profiles: shippedProfiles(),
      clock: Date.now,
      random: randomBytes,
    });
    // One listener a node that tells transitions; a flow may have any number of them.
    service.setMaxListeners(0);
    service.on('alert', ({ code }) => metrics.countAlert(code));
    return { service, fleet: new Fleet(store) };
  }

  /** Says once why there is no store, and tries again. */
  #fail(fault: unknown): void {
    const { message, cause } = toEgizError(fault);
    const error = new EgizError('STORE_UNAVAILABLE', message, cause);
    const known = this.#state instanceof EgizError && this.#state.message === message;
    this.#state = error;
    this.#health.fail(error);
    if (!known) this.#tell();
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

  onHealth(listener: HealthListener): () => void {
    return this.#health.onChange(listener);
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
      await this.#stop(shared);
    };
  }

  #startPublisher(key: string, shared: SharedPublisher): void {
    if (this.#state instanceof EgizError || shared.publisher !== undefined) return;
    shared.publisher = new OutboxPublisher({
      service: this.#state.service,
      outlet: shared.outlet,
      owner: `${this.#log.instance}/${key}`,
      random: Math.random,
      onError: (fault) => this.#report(fault),
    });
    shared.publisher.start();
  }

  /** The store stays open until the publisher has given back what it had claimed. */
  async #stop({ publisher }: SharedPublisher): Promise<void> {
    if (publisher === undefined) return;
    const stopping = publisher.stop();
    this.#stopping.add(stopping);
    await stopping.finally(() => this.#stopping.delete(stopping));
  }

  /** A store that cannot be used has said so already. */
  #report(fault: unknown): void {
    const error = toEgizError(fault);
    if (error.code !== 'STORE_UNAVAILABLE') this.#log.error(error);
  }

  #schedule(delay: number, inventory: InventoryWatch): void {
    this.#timer = setTimeout(() => {
      this.#ticking = this.#tick(inventory)
        .catch((fault: unknown) => this.#report(fault))
        .finally(() => {
          if (!this.#closed) this.#schedule(TICK_MS, inventory);
        });
    }, delay);
    this.#timer.unref();
  }

  async #tick(inventory: InventoryWatch): Promise<void> {
    this.#health.settle();
    const { service } = this.open();
    await inventory.check(service.store);
    await service.tick();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    clearTimeout(this.#timer);
    await this.#ticking;
    await Promise.all([...this.#publishers.values()].map((shared) => this.#stop(shared)));
    await Promise.all(this.#stopping);
    const state = this.#state;
    this.#state = new EgizError('STORE_UNAVAILABLE', 'The store has been closed');
    if (!(state instanceof EgizError)) await state.service.store.close();
  }
}
