import type { Node } from 'node-red';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import {
  type BrokerLinks,
  type BrokerOptions,
  connectBroker,
  connectListener,
  connectStream,
  type ListenOptions,
  type StreamOptions,
} from '../../lib/mqtt/broker-links';
import type { LinkState, MqttLink, Will } from '../../lib/mqtt/link';
import { SharedSubscriptions } from '../../lib/mqtt/shared-subscriptions';
import { systemClock } from '../../lib/time/clock';
import { LazyLink } from './lazy-link';

export interface BrokerLog {
  readonly log: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly error: (text: string) => void;
}

/** The connections of one broker node: made when the first user has registered, kept until the node closes. */
export class BrokerRuntime {
  readonly #publisher = new LazyLink();
  readonly #receiver: LazyLink;
  readonly subscriptions: SharedSubscriptions;
  readonly #options: () => BrokerOptions;
  readonly #log: BrokerLog;
  readonly #users = new Set<Node>();
  #will: (() => Will) | undefined;
  /** The connection that stands was made with a will. */
  #willTold = false;
  #links: BrokerLinks | undefined;
  readonly #streams = new Set<MqttLink>();
  #closed = false;

  /** @param options asked when the connection is made; may throw an EgizError */
  constructor(role: BrokerOptions['role'], options: () => BrokerOptions, log: BrokerLog) {
    this.#receiver = role === 'client' ? this.#publisher : new LazyLink();
    this.subscriptions = new SharedSubscriptions(this.#receiver, systemClock);
    this.#options = options;
    this.#log = log;
  }

  get publisher(): LazyLink {
    return this.#publisher;
  }

  get receiver(): LazyLink {
    return this.#receiver;
  }

  register(user: Node): () => void {
    this.#users.add(user);
    // The nodes of a flow are built one after the other: a will that one of them has must be there first.
    if (this.#users.size === 1) setImmediate(() => this.#connect());
    return () => this.#users.delete(user);
  }

  listen(listening: ListenOptions): MqttLink {
    return connectListener(this.#options(), listening);
  }

  setWill(will: () => Will): () => void {
    if (this.#will !== undefined) {
      throw new EgizError('CONFIG_INVALID', 'This broker connection belongs to another edge client', {
        mend: 'Give each edge client a broker connection of its own.',
      });
    }
    this.#will = will;
    if (!this.#willTold) this.#links?.renew();
    return () => {
      if (this.#will === will) this.#will = undefined;
    };
  }

  openStream(stream: StreamOptions): MqttLink {
    const options = this.#options();
    const onWarning: BrokerOptions['onWarning'] = (warning) => this.#log.warn(warning.message);
    const link = connectStream({ ...options, onWarning }, stream);
    this.#streams.add(link);
    link.onState((state) => {
      if (state.kind === 'closed') this.#streams.delete(link);
      else this.#tell(state, options.url);
    });
    return link;
  }

  #tellWill(): Will | undefined {
    this.#willTold = this.#will !== undefined;
    return this.#will?.();
  }

  #connect(): void {
    if (this.#closed || this.#links !== undefined) return;
    try {
      const options = this.#options();
      this.#links = connectBroker({
        ...options,
        will: () => this.#tellWill(),
        onWarning: (warning) => this.#log.warn(warning.message),
      });
      this.#publisher.attach(this.#links.publisher);
      if (this.#receiver !== this.#publisher) this.#receiver.attach(this.#links.receiver);
      this.#links.onState((state) => this.#tell(state, options.url));
    } catch (fault) {
      const { message, cause } = toEgizError(fault);
      this.#log.error(cause.mend === undefined ? message : `${message}. ${cause.mend}`);
    }
  }

  #tell(state: LinkState, url: string): void {
    if (state.kind === 'connected') this.#log.log(`Connected to ${url}`);
    else if (state.kind === 'disconnected') this.#log.warn(`${url}: ${state.reason}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.#streams, ...(this.#links === undefined ? [] : [this.#links])].map((one) => one.close()),
    );
  }
}
