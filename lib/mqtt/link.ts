/**
 * The MQTT interface the rest of the library speaks. One link is one network connection to one broker;
 * `connection.ts` implements it on the `mqtt` package.
 */

/** MQTT 5 PUBLISH properties we use (MQTT 5.0 section 3.3.2.3). */
export interface PublishProperties {
  readonly correlationData?: Buffer;
  readonly responseTopic?: string;
  readonly contentType?: string;
  /** True: the payload is UTF-8 text. */
  readonly payloadFormatIndicator?: boolean;
  /** Seconds. */
  readonly messageExpiryInterval?: number;
  readonly userProperties?: Readonly<Record<string, string>>;
}

export interface PublishRequest {
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: 0 | 1;
  readonly retain?: boolean;
  readonly properties?: PublishProperties;
}

export interface PublishResult {
  /** The PUBACK's reason code; below 0x80 the broker took the message. QoS 0: always 0. */
  readonly reasonCode: number;
  /** PUBACK 0x10: the broker knows nobody who would receive it. */
  readonly noSubscribers: boolean;
}

export interface IncomingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly duplicate: boolean;
  readonly properties: PublishProperties;
}

/**
 * Called for one message at a time, or for as many as the link is told to hand over at once, in the order they
 * came. The broker gets its PUBACK when the returned promise settles, whichever way: reject only after the fault
 * has been recorded.
 */
export type MessageHandler = (message: IncomingMessage) => Promise<void> | void;

export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly sessionPresent: boolean }
  /** `reason` is a sentence for a person: a CONNACK or DISCONNECT code, a TLS or socket error. */
  | { readonly kind: 'disconnected'; readonly reason: string; readonly code: string }
  | { readonly kind: 'closed' };

export interface Will {
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly properties?: PublishProperties;
  /** Seconds between the loss of the connection and the will. */
  readonly delayInterval?: number;
}

export interface MqttLink {
  readonly state: LinkState;
  /** Resolves with the broker's answer, good or bad; rejects with an EgizError when there is none:
   *  `MQTT_NOT_CONNECTED`, `MQTT_CONNECTION_LOST` (unknown whether it arrived), `MQTT_ACK_TIMEOUT`,
   *  `MQTT_CLOSED`, `MQTT_INVALID_TOPIC`, `MQTT_TOO_LARGE`. Never queues while disconnected. */
  publish(request: PublishRequest, options?: { readonly timeoutMs?: number }): Promise<PublishResult>;
  /** Kept over reconnects. Rejects with `MQTT_SUBSCRIBE_REFUSED` when the broker answers 0x80 or above;
   *  while disconnected it is sent at the next connection. */
  subscribe(filter: string, handler: MessageHandler): Promise<void>;
  unsubscribe(filter: string): Promise<void>;
  /** Tells every change of state, and the present one at once. Returns the function that stops it. */
  onState(listener: (state: LinkState) => void): () => void;
  /** Settles every pending publish, disconnects, releases the socket. */
  close(): Promise<void>;
}
