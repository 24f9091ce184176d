import { EgizError } from '../errors/egiz-error';
import { matchesFilter } from '../topics/filters';
import type { MessageHandler } from './link';
import { causeOfReason } from './reasons';

interface Subscription {
  handler: MessageHandler;
  /** The broker has it in the present session. */
  granted: boolean;
  /** Whoever waits for the broker's first answer. */
  readonly waiting: { resolve(): void; reject(error: EgizError): void }[];
}

/** What a link is subscribed to, and what of it the broker knows. */
export class Subscriptions {
  readonly #byFilter = new Map<string, Subscription>();
  /** Given up while there was no connection to say so. */
  readonly #unwanted = new Set<string>();
  readonly #onAdded = new Set<() => void>();

  /** Sets or replaces the handler. Resolves when the broker has granted the filter. */
  add(filter: string, handler: MessageHandler): Promise<void> {
    const known = this.#byFilter.get(filter) ?? { handler, granted: false, waiting: [] };
    known.handler = handler;
    this.#byFilter.set(filter, known);
    this.#unwanted.delete(filter);
    for (const listener of this.#onAdded) listener();
    if (known.granted) return Promise.resolve();
    return new Promise((resolve, reject) => known.waiting.push({ resolve, reject }));
  }

  remove(filter: string, connected: boolean): void {
    const known = this.#byFilter.get(filter);
    this.#byFilter.delete(filter);
    for (const { resolve } of known?.waiting ?? []) resolve();
    if (!connected) this.#unwanted.add(filter);
  }

  handlersFor(topic: string): MessageHandler[] {
    return [...this.#byFilter]
      .filter(([filter]) => matchesFilter(filter, topic))
      .map(([, { handler }]) => handler);
  }

  /** Calls `listener` with each new handler, until the returned function is called. */
  onAdded(listener: () => void): () => void {
    this.#onAdded.add(listener);
    return () => void this.#onAdded.delete(listener);
  }

  /**
   * A connection has been made: what is to be subscribed and unsubscribed in its session. Everything is
   * subscribed to again even when the session is there: a broker that was killed may have saved the session
   * and not yet its subscriptions, and then nothing would ever arrive. Renewing one loses no message.
   */
  reconcile(sessionPresent: boolean): { readonly missing: string[]; readonly unwanted: string[] } {
    const unwanted = sessionPresent ? [...this.#unwanted] : [];
    this.#unwanted.clear();
    for (const one of this.#byFilter.values()) one.granted = false;
    return { missing: this.missing(), unwanted };
  }

  missing(): string[] {
    return [...this.#byFilter].filter(([, { granted }]) => !granted).map(([filter]) => filter);
  }

  /**
   * Notes the broker's answer. A refused filter nobody had been granted is dropped and its caller told; one
   * that had been granted before is kept, and returned as an error.
   */
  settle(filter: string, reasonCode: number): EgizError | undefined {
    const known = this.#byFilter.get(filter);
    if (known === undefined) return undefined;
    const waiting = known.waiting.splice(0);
    if (reasonCode < 0x80) {
      known.granted = true;
      for (const { resolve } of waiting) resolve();
      return undefined;
    }
    const { reason } = causeOfReason(`The broker refused the subscription to ${filter}`, reasonCode);
    const error = new EgizError('MQTT_SUBSCRIBE_REFUSED', reason, {
      topic: filter,
      reasonCode,
      mend: 'Check the rights of the account at the broker.',
    });
    if (waiting.length === 0) return error;
    this.#byFilter.delete(filter);
    for (const { reject } of waiting) reject(error);
    return undefined;
  }

  /** The link is closed: nobody is left waiting. */
  close(error: EgizError): void {
    for (const { waiting } of this.#byFilter.values()) {
      for (const { reject } of waiting.splice(0)) reject(error);
    }
  }
}
