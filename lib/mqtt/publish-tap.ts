import type { OnReadOpts, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { AckLine } from './ack-line';

/** One PUBLISH as it stands on the wire, without its properties. */
export interface StreamedMessage {
  readonly topic: string;
  /** A view into a buffer that is used again: copy what is to be kept. */
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly duplicate: boolean;
  /** Lets the PUBACK go, in the order of arrival (MQTT 5.0 section 4.6). Once; nothing for QoS 0. */
  acknowledge(): void;
}

/** Who takes the messages of a connection. */
export interface Stream {
  /** Called within the event that brought the message; must not throw. */
  take(message: StreamedMessage): void;
  /** False: nothing more is read from the network until there is. Some messages that were read still come. */
  hasRoom(): boolean;
}

const PUBLISH = 3;
const PINGREQ = 0xc0;
const PINGRESP = Buffer.from([0xd0, 0]);
const READ_BYTES = 64 * 1024;
/** How often is looked whether there is room again. */
const ROOM_MS = 10;
const NOTHING_TO_ACKNOWLEDGE = () => undefined;
const EMPTY = Buffer.alloc(0);

/**
 * Stands between a socket and the packet library and takes the PUBLISH packets out of the stream. The library spends
 * more on one than everything else that happens to a message; all other packets it still gets and sends itself.
 */
export class PublishTap extends Duplex {
  #socket: Socket | undefined;
  readonly #stream: Stream;
  readonly #maximumPacketSize: number;
  readonly #acks: AckLine;
  /** The beginning of a packet whose end has not come. */
  #begun: Buffer = EMPTY;
  /** For room: nothing is read. */
  #waiting = false;

  constructor(maximumPacketSize: number, stream: Stream) {
    super({ allowHalfOpen: false });
    this.#stream = stream;
    this.#maximumPacketSize = maximumPacketSize;
    this.#acks = new AckLine((pubacks) => {
      if (this.#socket?.writable === true) this.#socket.write(pubacks);
    });
  }

  /** How the socket is to read: a buffer for each TLS record would cost a third of all there is to a message. */
  readonly onread: OnReadOpts = {
    buffer: Buffer.allocUnsafe(READ_BYTES),
    callback: (length, buffer) => this.#read(buffer as Buffer, length),
  };

  /** @param socket opened with `onread` */
  attach(socket: Socket): this {
    this.#socket = socket;
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
    return this;
  }

  /** What the library has not read yet is small: answers to what it sent. */
  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket?.write(chunk, done);
    // The broker's answer stands behind what is not read: the library is not to take it for dead.
    if (chunk[0] === PINGREQ && this.#waiting) this.push(PINGRESP);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket?.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket?.destroy();
    done(error);
  }

  /** False: nothing more is to be read for now. */
  #read(buffer: Buffer, length: number): boolean {
    const chunk = buffer.subarray(0, length);
    const bytes = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk]);
    const read = this.#packets(bytes);
    if (read === 'malformed') {
      const error = new Error('The broker sent a packet that MQTT 5 does not allow');
      this.destroy(Object.assign(error, { code: 'MQTT_MALFORMED_PACKET' }));
      return false;
    }
    this.#begun = read === bytes.length ? EMPTY : Buffer.from(bytes.subarray(read));
    if (this.#stream.hasRoom()) return true;
    this.#wait();
    return false;
  }

  /** Takes whole packets off the front. Returns how many bytes they had. */
  #packets(bytes: Buffer): number | 'malformed' {
    let at = 0;
    while (at < bytes.length) {
      const frame = frameAt(bytes, at);
      if (frame === undefined) break;
      if (frame.end - at > this.#maximumPacketSize || frame.end < 0) return 'malformed';
      if (frame.end > bytes.length) break;
      if ((bytes[at] ?? 0) >> 4 !== PUBLISH) this.push(Buffer.from(bytes.subarray(at, frame.end)));
      else if (!this.#publish(bytes, at, frame)) return 'malformed';
      at = frame.end;
    }
    return at;
  }

  #wait(): void {
    this.#waiting = true;
    const timer = setInterval(() => {
      if (!this.destroyed && !this.#stream.hasRoom()) return;
      clearInterval(timer);
      this.#waiting = false;
      this.#socket?.resume();
    }, ROOM_MS);
  }

  /** False: it is no PUBLISH that MQTT 5 allows (section 3.3). */
  #publish(bytes: Buffer, at: number, { body, end }: Frame): boolean {
    const flags = bytes[at] ?? 0;
    const qos = (flags >> 1) & 3;
    const topicEnd = body + 2 + u16(bytes, body);
    const propertiesAt = topicEnd + (qos === 0 ? 0 : 2);
    const properties = varintAt(bytes, propertiesAt);
    if (qos === 3 || properties === undefined) return false;
    const payloadAt = properties.next + properties.value;
    if (payloadAt > end) return false;
    this.#stream.take({
      topic: bytes.toString('utf8', body + 2, topicEnd),
      payload: bytes.subarray(payloadAt, end),
      qos: qos as 0 | 1 | 2,
      retain: (flags & 1) === 1,
      duplicate: (flags & 8) === 8,
      acknowledge: qos === 1 ? this.#acks.owe(u16(bytes, topicEnd)) : NOTHING_TO_ACKNOWLEDGE,
    });
    return true;
  }
}

interface Frame {
  /** Where the variable header begins. */
  readonly body: number;
  /** Where the next packet begins; negative when the length is malformed. */
  readonly end: number;
}

/** The packet that begins at `at`; undefined while its length has not come wholly. */
function frameAt(bytes: Buffer, at: number): Frame | undefined {
  const length = varintAt(bytes, at + 1);
  if (length !== undefined) return { body: length.next, end: length.next + length.value };
  return bytes.length - at > 4 ? { body: at, end: -1 } : undefined;
}

/** A Variable Byte Integer (section 1.5.5); undefined when it is longer than four bytes or not all there. */
function varintAt(bytes: Buffer, at: number): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 127) * 128 ** index;
    if (byte < 128) return { value, next: at + index + 1 };
  }
  return undefined;
}

function u16(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
