import { type EgizError, toEgizError } from '../../lib/errors/egiz-error';
import type { LinkState, MqttLink } from '../../lib/mqtt/link';

export type StreamState =
  | Exclude<LinkState, { kind: 'connected' }>
  | { readonly kind: 'listening' | 'refused' };

export interface StreamEvents {
  onState(state: StreamState): void;
  /** The broker has refused the subscription. */
  onRefused(error: EgizError): void;
}

/** Keeps one subscription on a link of its own; a refused one is asked for again at each connection. */
export class SubscribedLink {
  readonly #link: MqttLink;
  readonly #filter: string;
  readonly #events: StreamEvents;
  #state: LinkState = { kind: 'connecting' };
  #answer: 'none' | 'granted' | 'refused' = 'none';

  constructor(link: MqttLink, filter: string, events: StreamEvents) {
    this.#link = link;
    this.#filter = filter;
    this.#events = events;
    this.#subscribe();
    link.onState((state) => {
      this.#state = state;
      if (state.kind === 'connected' && this.#answer === 'refused') this.#subscribe();
      this.#tell();
    });
  }

  /** @param forGood nobody will take the messages any more; otherwise the broker keeps them for the successor */
  async close({ forGood }: { readonly forGood: boolean }): Promise<void> {
    if (forGood) await this.#link.unsubscribe(this.#filter);
    await this.#link.close();
  }

  #subscribe(): void {
    this.#answer = 'none';
    // The messages come by the stream.
    this.#link
      .subscribe(this.#filter, () => undefined)
      .then(
        () => this.#settle('granted'),
        (fault: unknown) => {
          this.#settle('refused');
          if (this.#state.kind !== 'closed') this.#events.onRefused(toEgizError(fault));
        },
      );
  }

  #settle(answer: 'granted' | 'refused'): void {
    this.#answer = answer;
    this.#tell();
  }

  #tell(): void {
    const state = this.#state;
    if (state.kind !== 'connected') this.#events.onState(state);
    else if (this.#answer === 'none') this.#events.onState({ kind: 'connecting' });
    else this.#events.onState({ kind: this.#answer === 'granted' ? 'listening' : 'refused' });
  }
}
