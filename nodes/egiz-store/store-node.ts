import type { Node } from 'node-red';
import type { ConfigurationService } from '../../lib/commands/service';
import type { EgizError } from '../../lib/errors/egiz-error';
import type { Fleet } from '../../lib/fleet/fleet';
import type { Outlet } from '../../lib/outbox/publisher';
import type { HealthListener } from './health';

/** The service on an open store. */
export interface OpenStore {
  readonly service: ConfigurationService;
  readonly fleet: Fleet;
}

/** What the nodes on a store see of its configuration node. */
export interface StoreApi {
  /** @throws EgizError `STORE_UNAVAILABLE` while the store cannot be opened */
  open(): OpenStore;
  /** Told at once and at each change: the service, or why there is none. Returns the function that ends it. */
  onService(listener: (state: OpenStore | EgizError) => void): () => void;
  /** Told at once and at each change: why the store cannot be used now, or undefined when it can. */
  onHealth(listener: HealthListener): () => void;
  /**
   * Keeps one outbox publisher on `outlet` while somebody uses it; nodes with the same key share it.
   * Returns the function that lets go of it.
   */
  publishThrough(key: string, outlet: Outlet): () => Promise<void>;
}

export type StoreNode = Node & StoreApi;
