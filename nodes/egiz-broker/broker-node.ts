import type { Node } from 'node-red';
import type { ListenOptions, StreamOptions } from '../../lib/mqtt/broker-links';
import type { MqttLink, Will } from '../../lib/mqtt/link';
import type { SharedSubscriptions } from '../../lib/mqtt/shared-subscriptions';

/** What the nodes on a broker see of its configuration node. */
export interface BrokerNode extends Node {
  /** The broker account: for an edge client `TENANT.CLIENT`. */
  readonly account: string;
  /** Acknowledged publishing, capped at the broker's Receive Maximum. */
  readonly publisher: MqttLink;
  /** The persistent session. The same link as `publisher` where the broker forces the client id to the account. */
  readonly receiver: MqttLink;
  /** Subscriptions of the receiver that outlive the nodes a deploy replaces. */
  readonly subscriptions: SharedSubscriptions;
  /** The broker connects while somebody uses it. Returns the function that lets go of it. */
  register(user: Node): () => void;
  /**
   * Connects for one node alone, without a session: what is published while it is away is not kept for it. The
   * node closes the connection with itself.
   * @throws EgizError `CONFIG_INVALID`, `MQTT_*` for settings with which there can be none
   */
  listen(options: ListenOptions): MqttLink;
  /**
   * A connection of its own for a stream of readings. Its session is kept no longer than this node's settings say;
   * whoever asked for it closes it.
   * @throws EgizError `CONFIG_INVALID`, `MQTT_*` for settings with which there can be none
   */
  openStream(options: StreamOptions): MqttLink;
  /**
   * Gives the connection its will; one that is connected already connects anew. Returns the function that
   * makes room for the will of a successor.
   * @throws EgizError `CONFIG_INVALID` when another node has given it one
   */
  setWill(will: () => Will): () => void;
}
