import type { Node } from 'node-red';
import type { MqttLink, Will } from '../../lib/mqtt/link';

/** What the nodes on a broker see of its configuration node. */
export interface BrokerNode extends Node {
  /** The broker account: for an edge client `TENANT.CLIENT`. */
  readonly account: string;
  /** Acknowledged publishing, capped at the broker's Receive Maximum. */
  readonly publisher: MqttLink;
  /** The persistent session. The same link as `publisher` where the broker forces the client id to the account. */
  readonly receiver: MqttLink;
  /** The broker connects while somebody uses it. Returns the function that lets go of it. */
  register(user: Node): () => void;
  /**
   * Gives the connection its will, before the first user has registered.
   * @throws EgizError `CONFIG_INVALID` when it has one already, or is connected
   */
  setWill(will: () => Will): void;
}
