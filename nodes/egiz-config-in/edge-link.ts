import type { EdgeLink } from '../../lib/edge/client';
import type { MessageHandler } from '../../lib/mqtt/link';
import type { BrokerNode } from '../egiz-broker/broker-node';

/** The broker as an edge client uses it. What it has subscribed to waits for its successor after a deploy. */
export class BrokerEdgeLink implements EdgeLink {
  readonly #broker: BrokerNode;
  readonly #handlers: [filter: string, handler: MessageHandler][] = [];

  constructor(broker: BrokerNode) {
    this.#broker = broker;
  }

  readonly publish: EdgeLink['publish'] = (...request) => this.#broker.publisher.publish(...request);

  readonly onState: EdgeLink['onState'] = (listener) => this.#broker.receiver.onState(listener);

  subscribe(filter: string, handler: MessageHandler): Promise<void> {
    this.#handlers.push([filter, handler]);
    return this.#broker.subscriptions.add(filter, handler);
  }

  /** @param removed the node was taken out of the flow: the broker need not keep its commands */
  async leave(removed: boolean): Promise<void> {
    const gone = this.#handlers.map(([filter, handler]) =>
      this.#broker.subscriptions.remove(filter, handler, { keep: !removed }),
    );
    await Promise.allSettled(gone);
  }
}
