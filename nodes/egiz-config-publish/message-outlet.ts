import type { LinkState, PublishRequest, PublishResult } from '../../lib/mqtt/link';
import type { Outlet } from '../../lib/outbox/publisher';
import type { FlowMessage } from '../shell/input';

const ALWAYS: LinkState = { kind: 'connected', sessionPresent: false };

/**
 * Publishes by sending a message that the core `mqtt out` node understands. That node tells nobody whether the
 * broker took it, and drops it while disconnected, so `published` then means no more than "left this node".
 */
export class MessageOutlet implements Outlet {
  readonly #send: (msg: FlowMessage) => void;

  constructor(send: (msg: FlowMessage) => void) {
    this.#send = send;
  }

  async publish(request: PublishRequest): Promise<PublishResult> {
    const { topic, payload, qos, properties = {} } = request;
    this.#send({
      topic,
      payload,
      qos,
      retain: request.retain ?? false,
      responseTopic: properties.responseTopic,
      correlationData: properties.correlationData,
      contentType: properties.contentType,
      payloadFormatIndicator: properties.payloadFormatIndicator,
      messageExpiryInterval: properties.messageExpiryInterval,
      userProperties: { ...properties.userProperties },
    } as unknown as FlowMessage);
    return { reasonCode: 0, noSubscribers: false };
  }

  onState(listener: (state: LinkState) => void): () => void {
    listener(ALWAYS);
    return () => undefined;
  }
}
