import type { Node } from 'node-red';
import { EgizError } from '../../lib/errors/egiz-error';
import type { LinkState, PublishRequest, PublishResult } from '../../lib/mqtt/link';
import type { Outlet } from '../../lib/outbox/publisher';

/** The editor changes a running node's wires without telling it: they are looked at this often. */
const LOOK_MS = 1_000;

const STARTING: LinkState = { kind: 'connecting' };
const READY: LinkState = { kind: 'connected', sessionPresent: false };
const UNWIRED: LinkState = { kind: 'disconnected', reason: 'Output 3 is not wired', code: 'OUTPUT_UNWIRED' };

/**
 * Publishes by sending a message at output 3 that the core `mqtt out` node understands. That node tells nobody
 * whether the broker took it, and drops it while disconnected, so `published` then means no more than "left
 * this node".
 */
export class MessageOutlet implements Outlet {
  readonly #node: Node;
  readonly #looks = new Set<() => void>();
  #started = false;

  constructor(node: Node) {
    this.#node = node;
  }

  /** The flows run: from now on a message finds the node behind the wire. */
  start(): void {
    this.#started = true;
    for (const look of this.#looks) look();
  }

  get state(): LinkState {
    if (!this.#started) return STARTING;
    // Node-RED's types leave out the wires of a running node.
    const { wires } = this.#node as { wires?: readonly (readonly string[])[] };
    return (wires?.[2]?.length ?? 0) > 0 ? READY : UNWIRED;
  }

  async publish(request: PublishRequest): Promise<PublishResult> {
    if (this.state !== READY) throw new EgizError('MQTT_NOT_CONNECTED', 'Output 3 is not wired');
    this.#node.send([null, null, messageOf(request)] as never);
    return { reasonCode: 0, noSubscribers: false };
  }

  onState(listener: (state: LinkState) => void): () => void {
    let told: LinkState | undefined;
    const look = () => {
      const { state } = this;
      if (state !== told) listener(state);
      told = state;
    };
    look();
    this.#looks.add(look);
    const timer = setInterval(look, LOOK_MS).unref();
    return () => {
      clearInterval(timer);
      this.#looks.delete(look);
    };
  }
}

function messageOf({ topic, payload, qos, retain = false, properties = {} }: PublishRequest) {
  const { userProperties, ...rest } = properties;
  return { topic, payload, qos, retain, ...rest, userProperties: { ...userProperties } };
}
