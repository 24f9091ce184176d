import type { Node, NodeAPI } from 'node-red';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import type { LinkState } from '../../lib/mqtt/link';
import type { BrokerNode } from '../egiz-broker/broker-node';
import { onceFlowsRun } from '../shell/start';
import type { Report } from './report';

export type ListeningState =
  | Exclude<LinkState, { kind: 'connected' }>
  | { readonly kind: 'listening' | 'refused' };

/** A node that takes the reports of a broker. */
export interface Listener {
  readonly node: Node;
  /** Resolves when the report is stored or never can be; rejects when this listener is closed before. */
  take(report: Report): Promise<void>;
  onState(state: ListeningState): void;
  /** The broker has refused the subscription; told to one listener. */
  onRefused(error: EgizError, topic: string): void;
}

/** How long a report waits for the node that a deploy makes in place of the one it closed. */
const SUCCESSOR_MS = 30_000;
const LOOK_MS = 50;

/**
 * The subscription of all nodes on one broker. It stays when a deploy or the end of the process closes its
 * nodes: the broker then keeps for us what clients report meanwhile. Only when a finished deploy has left
 * none of them is it given up.
 */
export class Subscription {
  readonly #broker: BrokerNode;
  readonly #filters: readonly string[];
  readonly #listeners = new Set<Listener>();
  readonly #leave: () => void;
  readonly #stopState: () => void;
  #link: LinkState = { kind: 'connecting' };
  #answer: 'none' | 'granted' | EgizError = 'none';

  constructor(broker: BrokerNode, filters: readonly string[], user: Node) {
    this.#broker = broker;
    this.#filters = filters;
    this.#leave = broker.register(user);
    this.#subscribe();
    this.#stopState = broker.receiver.onState((state) => this.#onLink(state));
  }

  get empty(): boolean {
    return this.#listeners.size === 0;
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
    listener.onState(this.#state());
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Gives up the subscription and lets go of the broker. */
  end(): void {
    this.#stopState();
    const gone = this.#filters.map((filter) => this.#broker.receiver.unsubscribe(filter));
    // The link may have been closed already, which ends every subscription.
    void Promise.allSettled(gone).then(() => this.#leave());
  }

  #subscribe(): void {
    this.#answer = 'none';
    const asked = this.#filters.map((filter) =>
      this.#broker.receiver.subscribe(filter, (report) => this.#deliver(report)),
    );
    Promise.all(asked).then(
      () => this.#settle('granted'),
      (fault: unknown) => this.#settle(toEgizError(fault)),
    );
  }

  #settle(answer: 'granted' | EgizError): void {
    this.#answer = answer;
    const [first] = this.#listeners;
    if (answer instanceof EgizError) first?.onRefused(answer, answer.cause.topic ?? this.#filters.join(' '));
    this.#tell();
  }

  #onLink(state: LinkState): void {
    this.#link = state;
    // Rights may have changed since the refusal.
    if (state.kind === 'connected' && this.#answer instanceof EgizError) this.#subscribe();
    this.#tell();
  }

  #state(): ListeningState {
    if (this.#link.kind !== 'connected') return this.#link;
    if (this.#answer === 'granted') return { kind: 'listening' };
    return { kind: this.#answer === 'none' ? 'connecting' : 'refused' };
  }

  #tell(): void {
    for (const listener of this.#listeners) listener.onState(this.#state());
  }

  /** To one node, and from a closed one to the next: the broker forgets the report when this resolves. */
  async #deliver(report: Report): Promise<void> {
    const until = Date.now() + SUCCESSOR_MS;
    while (Date.now() < until) {
      const [listener] = this.#listeners;
      if (listener !== undefined && (await takenBy(listener, report))) return;
      // The broker has had no answer on this connection and will send the report again on the next.
      if (this.#broker.receiver.state.kind === 'closed') return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS).unref());
    }
    this.#broker.error('No node has taken a report in time; it is dropped', { topic: report.topic });
  }
}

function takenBy(listener: Listener, report: Report): Promise<boolean> {
  return listener.take(report).then(
    () => true,
    () => false,
  );
}

/** The subscriptions of this runtime, one a broker. */
export class Subscriptions {
  readonly #RED: NodeAPI;
  readonly #filters: readonly string[];
  readonly #byBroker = new Map<BrokerNode, Subscription>();

  constructor(RED: NodeAPI, filters: readonly string[]) {
    this.#RED = RED;
    this.#filters = filters;
  }

  /** @returns the function that ends it for this listener */
  join(broker: BrokerNode, listener: Listener): () => void {
    const known = this.#byBroker.get(broker);
    const subscription = known ?? new Subscription(broker, this.#filters, listener.node);
    this.#byBroker.set(broker, subscription);
    subscription.add(listener);
    return () => {
      subscription.remove(listener);
      onceFlowsRun(this.#RED, () => this.#endIfEmpty(broker, subscription));
    };
  }

  #endIfEmpty(broker: BrokerNode, subscription: Subscription): void {
    if (!subscription.empty || this.#byBroker.get(broker) !== subscription) return;
    this.#byBroker.delete(broker);
    subscription.end();
  }
}
