import { Readable } from 'node:stream';
import type { IClientOptions } from 'mqtt';
import type { Will } from './link';
import type { LinkSettings } from './options';

/** What the wire library is told for one connection. */
export function wireOptions(settings: LinkSettings): IClientOptions {
  const { clientId, cleanStart, keepalive, sessionExpirySeconds, receiveMaximum, maximumPacketSize } =
    settings;
  const will = settings.will?.();
  const { username, password } = settings.credentials?.() ?? {};
  return {
    protocolVersion: 5,
    clientId,
    clean: cleanStart,
    keepalive,
    manualConnect: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    outgoingStore: NOTHING_STORED,
    // Ours is the timeout, by the clock we were given.
    connectTimeout: settings.connectTimeoutMs * 2,
    properties: { sessionExpiryInterval: sessionExpirySeconds, receiveMaximum, maximumPacketSize },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined ? {} : { will: wireWill(will) }),
  };
}

function wireWill({ topic, payload, qos, retain, properties, delayInterval }: Will) {
  return {
    topic,
    payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
    qos,
    retain,
    properties: {
      ...(properties as object),
      ...(delayInterval === undefined ? {} : { willDelayInterval: delayInterval }),
    },
  };
}

/** The library's memory of unacknowledged messages, without the memory. */
const NOTHING_STORED: NonNullable<IClientOptions['outgoingStore']> = {
  put(_packet, callback) {
    callback();
    return this;
  },
  del(_packet, callback) {
    callback();
    return this;
  },
  get(_packet, callback) {
    callback(new Error('nothing is stored'));
    return this;
  },
  createStream: () =>
    Readable.from([]) as ReturnType<NonNullable<IClientOptions['outgoingStore']>['createStream']>,
  close: (callback) => callback(),
};
