import { EgizError } from '../errors/egiz-error';
import type { Clock } from '../time/clock';
import type { IncomingMessage, MessageHandler, MqttLink } from './link';

interface Shared {
  readonly handlers: Set<MessageHandler>;
  readonly arrived: Set<() => void>;
}

/** How long a message waits for the handler that takes the place of one that went. */
const HOLD_MS = 20_000;

/**
 * Handlers that come and go over the subscriptions of one link. A handler that is replaced, as on a redeploy,
 * leaves its subscription in place: what arrives in between is not acknowledged and waits for the next one.
 */
export class SharedSubscriptions {
  readonly #link: Pick<MqttLink, 'subscribe' | 'unsubscribe'>;
  readonly #clock: Clock;
  readonly #byFilter = new Map<string, Shared>();

  constructor(link: Pick<MqttLink, 'subscribe' | 'unsubscribe'>, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** Rejects with `MQTT_SUBSCRIBE_REFUSED`. Several handlers of one filter all get every message. */
  async add(filter: string, handler: MessageHandler): Promise<void> {
    const shared = this.#byFilter.get(filter) ?? { handlers: new Set(), arrived: new Set() };
    this.#byFilter.set(filter, shared);
    shared.handlers.add(handler);
    for (const listener of shared.arrived) listener();
    try {
      await this.#link.subscribe(filter, (message) => this.#deliver(filter, shared, message));
    } catch (fault) {
      shared.handlers.delete(handler);
      throw fault;
    }
  }

  /** @param keep another handler is about to take its place */
  async remove(filter: string, handler: MessageHandler, { keep }: { readonly keep: boolean }): Promise<void> {
    const shared = this.#byFilter.get(filter);
    shared?.handlers.delete(handler);
    if (shared === undefined || shared.handlers.size > 0 || keep) return;
    this.#byFilter.delete(filter);
    await this.#link.unsubscribe(filter);
  }

  async #deliver(filter: string, shared: Shared, message: IncomingMessage): Promise<void> {
    if (shared.handlers.size === 0) await this.#arrival(shared);
    if (shared.handlers.size === 0) {
      throw new EgizError(
        'MQTT_NO_HANDLER',
        `A message on ${message.topic} was dropped: nothing here takes it`,
        {
          topic: filter,
          mend: 'Deploy the node that takes it again, or remove it.',
        },
      );
    }
    await Promise.all([...shared.handlers].map((handler) => handler(message)));
  }

  #arrival({ arrived }: Shared): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(HOLD_MS, () => finish());
      const finish = () => {
        cancel();
        arrived.delete(finish);
        resolve();
      };
      arrived.add(finish);
    });
  }
}
