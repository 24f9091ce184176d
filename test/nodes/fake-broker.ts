import type { Node, NodeAPI, NodeDef } from 'node-red';
import { EgizError } from '../../lib/errors/egiz-error';
import type { ListenOptions, StreamOptions } from '../../lib/mqtt/broker-links';
import type {
  IncomingMessage,
  LinkState,
  MessageHandler,
  MqttLink,
  PublishRequest,
  PublishResult,
} from '../../lib/mqtt/link';

/** A link whose broker is the test itself. */
export class FakeLink implements MqttLink {
  state: LinkState = { kind: 'connected', sessionPresent: true };
  readonly published: PublishRequest[] = [];
  readonly handlers = new Map<string, MessageHandler>();
  readonly unsubscribed: string[] = [];
  /** Answers a publish; by default at once and well. */
  answer: (request: PublishRequest) => Promise<PublishResult> = async () => ({
    reasonCode: 0,
    noSubscribers: false,
  });
  readonly #listeners = new Set<(state: LinkState) => void>();

  publish(request: PublishRequest): Promise<PublishResult> {
    this.published.push(request);
    return this.answer(request);
  }

  async subscribe(filter: string, handler: MessageHandler): Promise<void> {
    if (fake.refusal !== undefined) throw fake.refusal;
    this.handlers.set(filter, handler);
  }

  async unsubscribe(filter: string): Promise<void> {
    this.unsubscribed.push(filter);
    this.handlers.delete(filter);
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.state);
    return () => this.#listeners.delete(listener);
  }

  become(state: LinkState): void {
    this.state = state;
    for (const listener of this.#listeners) listener(state);
  }

  /** Delivers a message; the promise settles with the PUBACK. */
  deliver(topic: string, payload: unknown, retain = false): Promise<void> {
    const message: IncomingMessage = {
      topic,
      payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
      qos: 1,
      retain,
      duplicate: false,
      properties: {},
    };
    const [handler] = this.handlers.values();
    if (handler === undefined) throw new EgizError('NO_HANDLER', 'Nobody has subscribed');
    return Promise.resolve(handler(message));
  }

  async close(): Promise<void> {
    this.become({ kind: 'closed' });
  }
}

/** A link that brings a stream. */
export class FakeStream extends FakeLink {
  constructor(readonly options: StreamOptions) {
    super();
  }

  /** Resolves when the node acknowledges it. */
  arrive(topic: string, payload: unknown, qos: 0 | 1 = 1): Promise<void> {
    return new Promise((resolve) =>
      this.options.stream.take({
        topic,
        payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
        qos,
        retain: false,
        duplicate: false,
        acknowledge: resolve,
      }),
    );
  }
}

/** The link of the `egiz-broker` node that was made last, and what happened around it. */
export const fake = {
  link: new FakeLink(),
  streams: [] as FakeStream[],
  log: [] as string[],
  /** What a node's own connection is refused with. */
  misconfigured: undefined as EgizError | undefined,
  /** What every subscription is answered with; it outlives the node. */
  refusal: undefined as EgizError | undefined,
};

export function fakeBrokerNode(RED: NodeAPI): void {
  function FakeBroker(this: Node, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    fake.link = new FakeLink();
    fake.log = [];
    fake.streams = [];
    const { link, log, streams } = fake;
    Object.assign(this, {
      publisher: link,
      receiver: link,
      openStream(options: StreamOptions) {
        const stream = new FakeStream(options);
        streams.push(stream);
        return stream;
      },
      register() {
        log.push('registered');
        return () => log.push('left');
      },
      listen({ purpose }: ListenOptions) {
        if (fake.misconfigured !== undefined) throw fake.misconfigured;
        log.push(`listens for ${purpose}`);
        return link;
      },
    });
    this.on('close', (_removed: boolean, done: () => void) => {
      void link.close().then(done, done);
    });
  }
  RED.nodes.registerType('egiz-broker', FakeBroker);
}
