import type { Socket } from 'node:net';
import { linkSettings, type TlsOptions } from '../mqtt/options';
import { type Cause, causeOfError, causeOfReason } from '../mqtt/reasons';
import { openSocket } from '../mqtt/socket';
import { codec, type IConnackPacket, type IPublishPacket, type Packet } from './codec';

/** CONNECT, as the check needs to vary it. */
export interface ConnectFields {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly clean?: boolean;
  readonly sessionExpiry?: number;
  readonly receiveMaximum?: number;
  /** Seconds. Default 60. */
  readonly keepalive?: number;
  readonly will?: { readonly topic: string; readonly payload: string; readonly retain?: boolean };
}

export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

export type Attempt =
  | { readonly kind: 'connected'; readonly client: WireClient }
  | { readonly kind: 'refused'; readonly cause: Cause; readonly reasonCode: number | undefined };

const ANSWER_TIMEOUT_MS = 10_000;
const WIRE = { protocolVersion: 5 } as const;
/** Where an answer's key must not meet a message id. */
const CONNACK = -1;

interface Waiting {
  readonly settle: (packet: Packet | undefined) => void;
}

/** One MQTT 5 connection of which the check sees every packet and decides every answer. */
export class WireClient {
  connack: IConnackPacket | undefined;
  readonly messages: Message[] = [];
  /** False: PUBACKs are withheld until `acknowledge`. */
  acknowledges = true;
  /** False: no PINGREQ, as if the network had gone. */
  pings = true;
  readonly #socket: Socket;
  readonly #address: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #unacknowledged: number[] = [];
  readonly #listeners = new Set<() => void>();
  #nextId = 1;
  #cause: Cause | undefined;
  #reasonCode: number | undefined;
  #ended = false;
  #pinger: NodeJS.Timeout | undefined;

  private constructor(socket: Socket, address: string) {
    this.#socket = socket;
    this.#address = address;
    const parser = codec.parser(WIRE);
    parser.on('packet', (packet) => this.#onPacket(packet));
    parser.on('error', (error: Error) => this.#end({ code: 'MQTT_MALFORMED_PACKET', reason: error.message }));
    socket.on('data', (chunk: Buffer) => parser.parse(chunk));
    socket.on('error', (error) => this.#end(causeOfError(error, this.#address)));
    socket.on('close', () => this.#end({ code: 'MQTT_CONNECTION_LOST', reason: CLOSED }));
  }

  /** Connects, or tells why the broker would not. Rejects only for an address that is none. */
  static async connect(url: string, tls: TlsOptions, fields: ConnectFields): Promise<Attempt> {
    const settings = linkSettings({ url, tls, clientId: fields.clientId });
    const client = new WireClient(openSocket(settings), `${settings.host}:${settings.port}`);
    const answer = client.#answer(CONNACK);
    client.#send(connectPacket(fields));
    const connack = await answer;
    if (connack?.cmd === 'connack' && (connack.reasonCode ?? 0) < 0x80) {
      client.#begin(connack, fields.keepalive ?? DEFAULT_KEEPALIVE);
      return { kind: 'connected', client };
    }
    if (connack?.cmd === 'connack') client.#refuse(connack);
    client.#socket.destroy();
    const timeout = {
      code: 'MQTT_CONNECT_TIMEOUT',
      reason: `No CONNACK within ${ANSWER_TIMEOUT_MS / 1000} s`,
    };
    return { kind: 'refused', cause: client.#cause ?? timeout, reasonCode: client.#reasonCode };
  }

  /** Why the connection has ended; undefined while it lasts. */
  get ended(): Cause | undefined {
    return this.#ended ? this.#cause : undefined;
  }

  /** The reason code of the broker's CONNACK or DISCONNECT, if it sent one that ended the connection. */
  get reasonCode(): number | undefined {
    return this.#reasonCode;
  }

  /** The PUBACK's reason code; undefined when the connection ended or nothing came. */
  async publish(
    topic: string,
    payload: string | Buffer,
    options: { retain?: boolean } = {},
  ): Promise<number | undefined> {
    const messageId = this.#id();
    const answer = this.#answer(messageId);
    const retain = options.retain === true;
    this.#send({ cmd: 'publish', topic, payload, qos: 1, retain, dup: false, messageId });
    const packet = await answer;
    return packet?.cmd === 'puback' ? (packet.reasonCode ?? 0) : undefined;
  }

  /** One reason code a filter; undefined when the connection ended or nothing came. */
  async subscribe(filters: readonly string[]): Promise<number[] | undefined> {
    const messageId = this.#id();
    const answer = this.#answer(messageId);
    const subscriptions = filters.map((topic) => ({ topic, qos: 1, nl: false, rap: false, rh: 0 }) as const);
    this.#send({ cmd: 'subscribe', messageId, subscriptions: [...subscriptions] });
    const packet = await answer;
    return packet?.cmd === 'suback' ? packet.granted.map(Number) : undefined;
  }

  /** How many PUBACKs are withheld. */
  get unacknowledged(): number {
    return this.#unacknowledged.length;
  }

  acknowledgeOne(): void {
    const messageId = this.#unacknowledged.shift();
    if (messageId !== undefined) this.#send({ cmd: 'puback', messageId, reasonCode: 0 });
  }

  /** Sends the PUBACKs withheld so far, and from now on at once. */
  acknowledge(): void {
    this.acknowledges = true;
    for (const messageId of this.#unacknowledged.splice(0))
      this.#send({ cmd: 'puback', messageId, reasonCode: 0 });
  }

  /** Waits until enough messages have come, the connection ends or time is up. */
  async waitFor(holds: () => boolean, timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    while (!holds() && !this.#ended && performance.now() < end) await this.#next(end - performance.now());
    return holds();
  }

  /** DISCONNECT; a session expiry given here replaces that of CONNECT. */
  async disconnect(sessionExpiryInterval?: number): Promise<void> {
    if (this.#ended) return;
    const properties = sessionExpiryInterval === undefined ? {} : { sessionExpiryInterval };
    this.#send({ cmd: 'disconnect', reasonCode: 0, properties });
    this.#socket.end();
    if (!(await this.#over(1_000))) this.#socket.destroy();
    await this.#over(1_000);
  }

  /** Ends the network connection without a DISCONNECT, as a power cut does. */
  async cut(): Promise<void> {
    this.#socket.destroy();
    await this.#over(1_000);
  }

  #begin(connack: IConnackPacket, keepalive: number): void {
    this.connack = connack;
    const seconds = connack.properties?.serverKeepAlive ?? keepalive;
    this.#pinger = setInterval(() => {
      if (this.pings) this.#send({ cmd: 'pingreq' });
    }, seconds * 500);
    this.#pinger.unref();
  }

  #refuse(connack: IConnackPacket): void {
    this.#reasonCode = connack.reasonCode ?? 0x80;
    this.#cause = causeOfReason('CONNACK', this.#reasonCode, connack.properties?.reasonString);
  }

  #id(): number {
    const id = this.#nextId;
    this.#nextId = (id % 65_535) + 1;
    return id;
  }

  #send(packet: Packet): void {
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(codec.generate(packet, WIRE));
  }

  #answer(key: number): Promise<Packet | undefined> {
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(undefined), ANSWER_TIMEOUT_MS);
      const settle = (packet: Packet | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(key);
        resolve(packet);
      };
      this.#waiting.set(key, { settle });
    });
  }

  #onPacket(packet: Packet): void {
    if (packet.cmd === 'connack') this.#waiting.get(CONNACK)?.settle(packet);
    else if (packet.cmd === 'puback' || packet.cmd === 'suback')
      this.#waiting.get(packet.messageId ?? 0)?.settle(packet);
    else if (packet.cmd === 'publish') this.#onMessage(packet);
    else if (packet.cmd === 'disconnect') {
      this.#reasonCode = packet.reasonCode ?? 0;
      this.#cause = causeOfReason('DISCONNECT', this.#reasonCode, packet.properties?.reasonString);
    }
  }

  #onMessage({ topic, payload, retain, qos, messageId }: IPublishPacket): void {
    this.messages.push({ topic, payload: payload.toString(), retain });
    if (qos === 1 && messageId !== undefined) {
      if (this.acknowledges) this.#send({ cmd: 'puback', messageId, reasonCode: 0 });
      else this.#unacknowledged.push(messageId);
    }
    this.#tell();
  }

  #end(cause: Cause): void {
    this.#cause ??= cause;
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#pinger);
    this.#socket.destroy();
    for (const { settle } of [...this.#waiting.values()]) settle(undefined);
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** The next message or the end, or time is up. */
  #next(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#listeners.delete(finish);
        resolve();
      };
      const timer = setTimeout(finish, Math.max(timeoutMs, 0));
      this.#listeners.add(finish);
    });
  }

  async #over(timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    while (!this.#ended && performance.now() < end) await this.#next(end - performance.now());
    return this.#ended;
  }
}

const CLOSED = 'the connection was closed without a reason';
const DEFAULT_KEEPALIVE = 60;

function connectPacket(fields: ConnectFields): Packet {
  const { clientId, username, password, will, clean = true, keepalive = DEFAULT_KEEPALIVE } = fields;
  const properties = {
    ...(fields.sessionExpiry === undefined ? {} : { sessionExpiryInterval: fields.sessionExpiry }),
    ...(fields.receiveMaximum === undefined ? {} : { receiveMaximum: fields.receiveMaximum }),
  };
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 5,
    clientId,
    clean,
    keepalive,
    properties,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
    ...(will === undefined
      ? {}
      : { will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: will.retain === true } }),
  };
}
