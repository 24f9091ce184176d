import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type IConnackPacket, type IPublishPacket, MqttClient, type Packet } from 'mqtt';
import type { EgizError } from '../errors/egiz-error';
import { ackTimeout, notConnected, tooLarge, unanswered } from './errors';
import { InFlightWindow } from './in-flight';
import type { IncomingMessage, PublishRequest, PublishResult } from './link';
import type { LinkSettings } from './options';
import { incomingMessage, packetSize, type WirePublish } from './packet';
import { PublishTap } from './publish-tap';
import { type Cause, causeOfError, causeOfReason } from './reasons';
import { openSocket } from './socket';
import { wireOptions } from './wire-options';

export interface SessionEvents {
  onConnack(connack: IConnackPacket): void;
  /** The PUBACK is sent when the promise resolves; it must not reject. */
  onMessage(message: IncomingMessage): Promise<void>;
  /** Once, when the connection is gone or could not be made. */
  onClosed(cause: Cause): void;
}

const NO_MATCHING_SUBSCRIBERS = 0x10;
/** Whatever is not undefined keeps the library from sending a PUBACK; it is never shown. */
const ACKNOWLEDGED_LATER = new Error('acknowledged later');

interface Pending {
  readonly request: PublishRequest;
  resolve(result: PublishResult): void;
  reject(error: EgizError): void;
}

/** How long a broker may take to close after our DISCONNECT. */
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * One network connection, from CONNECT to its end. Nothing survives it: the library's own store, queue and
 * reconnection are off, since they resend stale messages and leave callbacks uncalled.
 */
export class Session {
  readonly #settings: LinkSettings;
  readonly #events: SessionEvents;
  readonly #client: MqttClient;
  readonly #address: string;
  readonly #cancelTimeout: () => void;
  #socket: Socket | undefined;
  #window: InFlightWindow<Pending> | undefined;
  #maximumPacketSize = Number.POSITIVE_INFINITY;
  readonly #writing = new Set<Pending>();
  /** UNSUBSCRIBE packets without an answer: what ends the wait. */
  readonly #unsubscribing = new Set<() => void>();
  /** The end of the line of PUBACKs we owe. */
  #acknowledged: Promise<void> = Promise.resolve();
  #cause: Cause | undefined;
  #closed = false;

  constructor(settings: LinkSettings, events: SessionEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#address = `${settings.host}:${settings.port}`;
    this.#client = new MqttClient(() => this.#open(), wireOptions(settings));
    this.#client.handleMessage = (packet, callback) => void this.#receive(packet, callback);
    this.#client.on('connect', (connack) => this.#onConnack(connack));
    this.#client.on('packetreceive', (packet) => this.#onPacket(packet));
    this.#client.on('error', (error) => this.#onError(error));
    this.#client.on('close', () => this.#onClose());
    this.#cancelTimeout = settings.clock.after(settings.connectTimeoutMs, () => this.#onTimeout());
    this.#client.connect();
  }

  /** Rejects with an EgizError when no answer comes; see `MqttLink.publish`. */
  publish(request: PublishRequest, timeoutMs: number): Promise<PublishResult> {
    const window = this.#window;
    if (window === undefined || this.#closed) return Promise.reject(notConnected(request.topic));
    const size = packetSize(request);
    if (size > this.#maximumPacketSize) {
      return Promise.reject(tooLarge(request.topic, size, this.#maximumPacketSize));
    }
    return new Promise((resolve, reject) => {
      const cancel = this.#settings.clock.after(timeoutMs, () => {
        window.giveUp(pending);
        reject(ackTimeout(request.topic, timeoutMs));
      });
      const settling =
        <Value>(settle: (value: Value) => void) =>
        (value: Value) => {
          cancel();
          settle(value);
        };
      const pending: Pending = { request, resolve: settling(resolve), reject: settling(reject) };
      if (request.qos === 1) window.add(pending);
      else this.#write(pending);
    });
  }

  /** Resolves with one reason code a filter; rejects when the connection is lost meanwhile. */
  subscribe(filters: readonly string[]): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      // Retain Handling 1: retained messages are sent again only when the session lost the subscription.
      const options = { qos: 1, rap: this.#settings.retainAsPublished, rh: 1 } as const;
      this.#client.subscribe([...filters], options, (error, _granted, packet) => {
        const codes = packet?.granted;
        if (codes !== undefined) resolve(codes.map(Number));
        else reject(error ?? new Error('no SUBACK'));
      });
    });
  }

  /** Resolves with the answer, or rejects when the connection ends without one. */
  unsubscribe(filters: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Error('no UNSUBACK'));
      this.#unsubscribing.add(lost);
      this.#client.unsubscribe([...filters], (error) => {
        this.#unsubscribing.delete(lost);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Ends the connection because of something we found; the cause becomes that of `onClosed`. */
  abort(cause: Cause): void {
    this.#cause ??= cause;
    this.#socket?.destroy();
  }

  /** Sends DISCONNECT and waits for the end. @param reasonCode 0x04 asks for the will to be published. */
  end(reasonCode: 0x00 | 0x04): Promise<void> {
    this.#cause ??= { code: 'MQTT_CLOSED', reason: 'The connection was closed by us' };
    this.#settlePending('MQTT_CLOSED');
    // The library would wait for these answers for ever, and whoever asked with it.
    this.#client.outgoing = {};
    for (const lost of this.#unsubscribing) lost();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#socket?.destroy(), CLOSE_TIMEOUT_MS);
      if (this.#closed) return finish();
      this.#client.once('close', finish);
      if (this.#window === undefined) this.#socket?.destroy();
      else this.#client.end(false, { reasonCode });
      function finish() {
        clearTimeout(timer);
        resolve();
      }
    });
  }

  #open(): Duplex {
    const { stream, maximumPacketSize } = this.#settings;
    const tap = stream === undefined ? undefined : new PublishTap(maximumPacketSize, stream);
    const socket = openSocket(this.#settings, tap?.onread);
    socket.on('error', (error) => this.#onError(error));
    this.#socket = socket;
    return tap?.attach(socket) ?? socket;
  }

  #send({ request }: Pending): number {
    const { topic, payload, qos, retain = false, properties } = request;
    this.#client.publish(topic, payload, {
      qos,
      retain,
      ...(properties && { properties: { ...properties } as object }),
    });
    return this.#client.getLastMessageId();
  }

  #write(pending: Pending): void {
    const { topic, payload, retain = false, properties } = pending.request;
    this.#writing.add(pending);
    const options = {
      qos: 0,
      retain,
      ...(properties && { properties: { ...properties } as object }),
    } as const;
    this.#client.publish(topic, payload, options, () => {
      if (this.#writing.delete(pending)) pending.resolve({ reasonCode: 0, noSubscribers: false });
    });
  }

  #onConnack(connack: IConnackPacket): void {
    this.#cancelTimeout();
    const { receiveMaximum = 65_535, maximumPacketSize = Number.POSITIVE_INFINITY } =
      connack.properties ?? {};
    this.#maximumPacketSize = maximumPacketSize;
    const limit = Math.min(receiveMaximum, this.#settings.maxInFlight);
    this.#window = new InFlightWindow(limit, (pending) => this.#send(pending));
    this.#events.onConnack(connack);
  }

  #onPacket(packet: Packet): void {
    if (packet.cmd === 'puback') {
      const reasonCode = packet.reasonCode ?? 0;
      this.#window
        ?.settle(packet.messageId ?? 0)
        ?.resolve({ reasonCode, noSubscribers: reasonCode === NO_MATCHING_SUBSCRIBERS });
    } else if (packet.cmd === 'disconnect') {
      const reason = packet.properties?.reasonString;
      this.#cause ??= causeOfReason('The broker ended the connection', packet.reasonCode ?? 0x80, reason);
    } else if (packet.cmd === 'connack' && (packet.reasonCode ?? 0) >= 0x80) {
      const reason = packet.properties?.reasonString;
      this.#cause ??= causeOfReason('The broker refused the connection', packet.reasonCode ?? 0x80, reason);
    }
  }

  /**
   * The library reads no further, not even our own PUBACKs, before `callback` is called, and would then send its
   * PUBACK. So it is told at once that there is nothing to acknowledge, and the PUBACK is sent by us when the
   * handler is done: in the order of arrival (MQTT 5.0 section 4.6), at most Receive Maximum of them due.
   */
  async #receive(packet: IPublishPacket, callback: (nothingToSend?: Error) => void): Promise<void> {
    const handled = this.#events.onMessage(incomingMessage(packet as WirePublish));
    if (packet.qos !== 1) {
      await handled;
      callback();
      return;
    }
    callback(ACKNOWLEDGED_LATER);
    this.#acknowledged = this.#acknowledged.then(() => handled).then(() => this.#acknowledge(packet));
  }

  /** On a connection that is gone the broker would take it for another message's. */
  #acknowledge({ messageId }: IPublishPacket): void {
    if (this.#closed || messageId === undefined) return;
    const wire = this.#client as unknown as { _sendPacket(packet: Packet): void };
    wire._sendPacket({ cmd: 'puback', messageId, reasonCode: 0 });
  }

  #onTimeout(): void {
    const seconds = this.#settings.connectTimeoutMs / 1000;
    this.abort({
      code: 'MQTT_CONNECT_TIMEOUT',
      reason: `No answer from ${this.#address} within ${seconds} s`,
    });
  }

  #onError(error: Error): void {
    this.#cause ??= causeOfError(error, this.#address);
    this.#socket?.destroy();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimeout();
    this.#settlePending('MQTT_CONNECTION_LOST');
    this.#events.onClosed(
      this.#cause ?? {
        code: 'MQTT_CONNECTION_LOST',
        reason: `The connection to ${this.#address} was closed from the other side`,
      },
    );
  }

  #settlePending(code: 'MQTT_CLOSED' | 'MQTT_CONNECTION_LOST'): void {
    const { sent, unsent } = this.#window?.clear() ?? { sent: [], unsent: [] };
    for (const pending of [...sent, ...this.#writing])
      pending.reject(unanswered(code, pending.request.topic));
    for (const pending of unsent) {
      pending.reject(
        code === 'MQTT_CLOSED'
          ? unanswered(code, pending.request.topic)
          : notConnected(pending.request.topic),
      );
    }
    this.#writing.clear();
  }
}
