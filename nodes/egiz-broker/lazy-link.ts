import { EgizError } from '../../lib/errors/egiz-error';
import type { LinkState, MessageHandler, MqttLink, PublishRequest, PublishResult } from '../../lib/mqtt/link';

/**
 * A link that exists before its connection does. Nodes take it when they are built; the connection is made when
 * the first of them registers, with the will that an edge client may have set by then.
 */
export class LazyLink implements MqttLink {
  #link: MqttLink | undefined;
  readonly #subscriptions = new Map<
    string,
    { handler: MessageHandler; granted: (result: Promise<void>) => void }
  >();
  readonly #listeners = new Map<(state: LinkState) => void, () => void>();

  get state(): LinkState {
    return this.#link?.state ?? { kind: 'connecting' };
  }

  /** Hands over the real link, with everything that was asked for before. */
  attach(link: MqttLink): void {
    this.#link = link;
    for (const [filter, { handler, granted }] of this.#subscriptions)
      granted(link.subscribe(filter, handler));
    this.#subscriptions.clear();
    for (const listener of this.#listeners.keys()) this.#listeners.set(listener, link.onState(listener));
  }

  publish(request: PublishRequest, options?: { readonly timeoutMs?: number }): Promise<PublishResult> {
    if (this.#link !== undefined) return this.#link.publish(request, options);
    return Promise.reject(
      new EgizError('MQTT_NOT_CONNECTED', 'The connection is being prepared', { topic: request.topic }),
    );
  }

  subscribe(filter: string, handler: MessageHandler): Promise<void> {
    if (this.#link !== undefined) return this.#link.subscribe(filter, handler);
    return new Promise<void>((resolve, reject) => {
      this.#subscriptions.set(filter, { handler, granted: (result) => void result.then(resolve, reject) });
    });
  }

  async unsubscribe(filter: string): Promise<void> {
    this.#subscriptions.delete(filter);
    await this.#link?.unsubscribe(filter);
  }

  onState(listener: (state: LinkState) => void): () => void {
    if (this.#link === undefined) listener(this.state);
    this.#listeners.set(listener, this.#link?.onState(listener) ?? (() => undefined));
    return () => {
      this.#listeners.get(listener)?.();
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    await this.#link?.close();
  }
}
