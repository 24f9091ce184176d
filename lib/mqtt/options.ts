import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { EgizError } from '../errors/egiz-error';
import { type Clock, systemClock } from '../time/clock';
import type { Will } from './link';
import type { Stream } from './publish-tap';

/** What TLS needs besides the address; the names are Node's own (`tls.connect`). */
export type TlsOptions = Pick<
  ConnectionOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'pfx'
  | 'passphrase'
  | 'servername'
  | 'ALPNProtocols'
  | 'minVersion'
  | 'rejectUnauthorized'
>;

export interface Credentials {
  readonly username: string;
  readonly password?: string;
}

export interface ConnectOptions {
  /** `mqtts://HOST[:8883]`, or `mqtt://HOST[:1883]` without TLS: on the loopback only, see `allowPlaintext`. */
  readonly url: string;
  /** Asked at each connection when it is a function, so that rotated files are taken up. */
  readonly tls?: TlsOptions | (() => TlsOptions);
  readonly credentials?: Credentials | (() => Credentials);
  readonly clientId: string;
  /** Lets `mqtt://` leave the machine. Nothing is encrypted then, the password included. */
  readonly allowPlaintext?: boolean;
  /** False: resume the session of the last connection, with what was queued meanwhile. Default true. */
  readonly cleanStart?: boolean;
  /** How long the broker keeps the session after the connection is gone. Default 0. */
  readonly sessionExpirySeconds?: number;
  /** Seconds; 0 switches the check off. Default 30. */
  readonly keepalive?: number;
  /** Messages the broker may send before we have acknowledged any. Default 100 (SPEC 4 "In flight"). */
  readonly receiveMaximum?: number;
  /**
   * Messages that are handed over before the handler of the first is done, in the order they came. Default 1:
   * one at a time. More than one lets handlers share a wait, for the disk for example.
   */
  readonly maxHandling?: number;
  /**
   * Default true: a message keeps the retain flag it was published with. False: only what the broker had kept since
   * before the subscription has it.
   */
  readonly retainAsPublished?: boolean;
  /** Messages we send before the broker has acknowledged any; its own limit counts when lower. Default 100. */
  readonly maxInFlight?: number;
  /** Largest packet we take, in bytes. Default 1 MiB. */
  readonly maximumPacketSize?: number;
  /** Default 10 s. */
  readonly ackTimeoutMs?: number;
  /** From the first packet to CONNACK. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /**
   * Asked at each connection when it is a function; undefined: none for now. Closing the link sends it, as
   * losing it does.
   */
  readonly will?: Will | (() => Will | undefined);
  /**
   * Takes every message of the connection instead of the handlers of its subscriptions, at a fraction of the cost
   * and without its properties; acknowledges each itself. For streams of readings.
   */
  readonly stream?: Stream;
  /** Something a person should know although the link goes on, e.g. a shorter session than asked for. */
  readonly onWarning?: (warning: EgizError) => void;
  readonly clock?: Clock;
  /** A number from 0 up to 1. */
  readonly random?: () => number;
}

/** The options with every default in its place. */
export interface LinkSettings
  extends Required<
    Omit<ConnectOptions, 'url' | 'tls' | 'credentials' | 'will' | 'allowPlaintext' | 'stream'>
  > {
  readonly host: string;
  readonly port: number;
  /** Absent: plain TCP. */
  readonly tls: (() => TlsOptions) | undefined;
  readonly credentials: (() => Credentials) | undefined;
  readonly will: (() => Will | undefined) | undefined;
  readonly stream?: Stream | undefined;
}

const DEFAULTS = {
  cleanStart: true,
  sessionExpirySeconds: 0,
  keepalive: 30,
  receiveMaximum: 100,
  maxHandling: 1,
  retainAsPublished: true,
  maxInFlight: 100,
  maximumPacketSize: 1024 * 1024,
  ackTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
};

/** @throws EgizError `MQTT_URL_INVALID`, `MQTT_PLAINTEXT_REFUSED` */
export function linkSettings(options: ConnectOptions): LinkSettings {
  const { host, port, secure } = parseUrl(options);
  const { tls, credentials, will } = options;
  return {
    ...DEFAULTS,
    onWarning: () => undefined,
    clock: systemClock,
    random: Math.random,
    ...defined(options),
    host,
    port,
    tls: secure ? source(tls ?? {}) : undefined,
    credentials: credentials === undefined ? undefined : source(credentials),
    will: typeof will === 'object' ? () => will : will,
  };
}

function source<Value extends object>(value: Value | (() => Value)): () => Value {
  return typeof value === 'function' ? (value as () => Value) : () => value;
}

/** Without members that are undefined, which would hide a default. */
function defined(options: ConnectOptions): ConnectOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as ConnectOptions;
}

function parseUrl({ url, allowPlaintext = false }: ConnectOptions) {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const secure = parsed?.protocol === 'mqtts:';
  if (parsed === undefined || !(secure || parsed.protocol === 'mqtt:') || parsed.hostname === '') {
    throw new EgizError('MQTT_URL_INVALID', `${JSON.stringify(url)} is not the address of an MQTT broker`, {
      mend: 'Write mqtts://HOST:PORT, for example mqtts://broker.example.com:8883.',
    });
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new EgizError('MQTT_URL_INVALID', 'The broker address contains a user name or password', {
      mend: 'Use the fields for user and password: an address is shown and logged.',
    });
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  if (!secure && !allowPlaintext && !isLoopback(host)) {
    throw new EgizError('MQTT_PLAINTEXT_REFUSED', `${url} would be reached without encryption`, {
      mend: 'Use mqtts://, or allow an unencrypted connection if the network is trusted.',
    });
  }
  return { host, port: parsed.port === '' ? (secure ? 8883 : 1883) : Number(parsed.port), secure };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
