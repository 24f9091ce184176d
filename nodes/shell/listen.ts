import type { Node, NodeAPI } from 'node-red';
import { type EgizError, toEgizError } from '../../lib/errors/egiz-error';
import type { ListenOptions } from '../../lib/mqtt/broker-links';
import type { IncomingMessage, LinkState, MqttLink } from '../../lib/mqtt/link';
import type { BrokerNode } from '../egiz-broker/broker-node';
import { onceFlowsRun } from './start';

export type ListenState =
  | { readonly kind: 'connecting' | 'listening' }
  | { readonly kind: 'disconnected'; readonly reason: string; readonly code: string }
  /** The broker does not grant a subscription, or the connection cannot be made as it is configured. */
  | { readonly kind: 'refused'; readonly error: EgizError };

export interface ListenerOptions extends Omit<ListenOptions, 'onWarning'> {
  readonly broker: BrokerNode;
  readonly filters: readonly string[];
  onMessage(message: IncomingMessage): void;
  onState(state: ListenState): void;
}

/** Rights may be given while the connection stands. */
const ASK_AGAIN_MS = 30_000;

/**
 * Listens to a broker for one node alone, from when the flows run until the node closes. `onState` is told each
 * change, from the first attempt on.
 */
export function listenToBroker(RED: NodeAPI, node: Node, options: ListenerOptions): void {
  let listener: Listener | undefined;
  let closed = false;
  onceFlowsRun(RED, () => {
    if (!closed) listener = listenerOf(node, options);
  });
  node.on('close', (_removed: boolean, done: () => void) => {
    closed = true;
    void Promise.resolve(listener?.close()).then(done, done);
  });
}

function listenerOf(node: Node, options: ListenerOptions): Listener | undefined {
  const { broker, filters, onMessage, onState, ...chosen } = options;
  try {
    const link = broker.listen({
      ...chosen,
      onWarning: ({ message, cause: { mend } }) =>
        node.warn(mend === undefined ? message : `${message}. ${mend}`),
    });
    return new Listener(link, { filters, onMessage, onState });
  } catch (fault) {
    onState({ kind: 'refused', error: toEgizError(fault) });
    return undefined;
  }
}

/** Keeps the subscriptions of one link; what the broker refuses it is asked for again. */
export class Listener {
  readonly #link: MqttLink;
  readonly #options: Pick<ListenerOptions, 'filters' | 'onMessage' | 'onState'>;
  readonly #refused = new Map<string, EgizError>();
  readonly #granted = new Set<string>();
  #again: NodeJS.Timeout | undefined;
  #state: LinkState = { kind: 'connecting' };

  constructor(link: MqttLink, options: Pick<ListenerOptions, 'filters' | 'onMessage' | 'onState'>) {
    this.#link = link;
    this.#options = options;
    for (const filter of options.filters) this.#subscribe(filter);
    link.onState((state) => {
      this.#state = state;
      // A new connection, a new answer.
      if (state.kind === 'connected') this.#askAgain();
      this.#tell();
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#again);
    await this.#link.close();
  }

  /** Closes, and lets a session that outlives the connection receive nothing more. */
  async giveUp(): Promise<void> {
    await Promise.all(this.#options.filters.map((filter) => this.#link.unsubscribe(filter)));
    await this.close();
  }

  #subscribe(filter: string): void {
    this.#link
      .subscribe(filter, (message) => this.#options.onMessage(message))
      .then(
        () => {
          this.#refused.delete(filter);
          this.#granted.add(filter);
        },
        (fault: unknown) => {
          this.#refused.set(filter, toEgizError(fault));
          clearTimeout(this.#again);
          this.#again = setTimeout(() => this.#askAgain(), ASK_AGAIN_MS).unref();
        },
      )
      .finally(() => this.#tell());
  }

  #askAgain(): void {
    if (this.#link.state.kind === 'closed') return;
    for (const filter of this.#refused.keys()) this.#subscribe(filter);
  }

  #tell(): void {
    const { onState, filters } = this.#options;
    const state = this.#state;
    const [error] = this.#refused.values();
    // Closing is no news: the node closes with it.
    if (state.kind === 'closed') return;
    if (state.kind !== 'connected') onState(state);
    else if (error !== undefined) onState({ kind: 'refused', error });
    else onState({ kind: this.#granted.size === filters.length ? 'listening' : 'connecting' });
  }
}
