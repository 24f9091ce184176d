import type { Node } from 'node-red';
import type { MqttLink } from '../../lib/mqtt/link';

/** What the nodes on a broker see of its configuration node. */
export interface BrokerNode extends Node {
  /** Acknowledged publishing, capped at the broker's Receive Maximum. */
  readonly publisher: MqttLink;
  /** The persistent session. The same link as `publisher` where the broker forces the client id to the account. */
  readonly receiver: MqttLink;
  /** The broker connects while somebody uses it. Returns the function that lets go of it. */
  register(user: Node): () => void;
}
