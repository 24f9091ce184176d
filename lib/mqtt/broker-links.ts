import { randomBytes } from 'node:crypto';
import { EgizError } from '../errors/egiz-error';
import { connectMqtt, type RenewableLink } from './connection';
import type { LinkState, MqttLink } from './link';
import type { ConnectOptions } from './options';
import type { Stream } from './publish-tap';

export interface BrokerOptions extends Omit<ConnectOptions, 'clientId' | 'cleanStart'> {
  /**
   * `service`: one link to publish and one to receive, so that a slow handler holds up no PUBACK of ours.
   * `client`: one link, since on the listeners of clients the broker makes the account the client id.
   */
  readonly role: 'service' | 'client';
  /** The broker account; the client ids are made from it (SPEC 2). */
  readonly account: string;
  /** Tells the instances of one service apart; each has a session of its own. */
  readonly instance?: string;
}

/** The connections of one account. */
export interface BrokerLinks {
  readonly publisher: MqttLink;
  /** The same link as `publisher` for a client. */
  readonly receiver: MqttLink;
  /** Tells the worse of the two states, now and at each change. Returns the function that stops it. */
  onState(listener: (state: LinkState) => void): () => void;
  /** Connects the receiver anew, so that the broker learns of another will. */
  renew(): void;
  close(): Promise<void>;
}

/** @throws EgizError `MQTT_URL_INVALID`, `MQTT_PLAINTEXT_REFUSED` */
export function connectBroker(options: BrokerOptions): BrokerLinks {
  const { role, account, instance, ...connection } = options;
  if (role === 'client') {
    const link = connectMqtt({ ...connection, clientId: account, cleanStart: false });
    return links(link, link);
  }
  const { will: _will, ...withoutWill } = connection;
  const own = instance === undefined || instance === '' ? undefined : instance;
  return links(
    connectMqtt({
      ...withoutWill,
      clientId: `${account}-pub-${own ?? randomBytes(4).toString('hex')}`,
      cleanStart: true,
      sessionExpirySeconds: 0,
    }),
    connectMqtt({
      // Reports share the wait for the store's disk.
      maxHandling: 64,
      ...connection,
      clientId: own === undefined ? `${account}-sub` : `${account}-sub-${own}`,
      cleanStart: false,
    }),
  );
}

/** What a link that only takes a stream needs besides the account's own settings. */
export interface StreamOptions {
  /** Tells the streams of one account and instance apart; the same each time, so that the session is found again. */
  readonly name: string;
  /** Messages the broker may send before we have acknowledged any. */
  readonly receiveMaximum: number;
  /** The session is kept for no longer than this; by default as long as the account's settings say. */
  readonly sessionExpirySeconds?: number;
  readonly stream: Stream;
}

/**
 * A link of its own for a stream of readings, so that a flood holds up no report and no PUBACK of ours.
 * @throws EgizError `MQTT_URL_INVALID`, `MQTT_PLAINTEXT_REFUSED`, `MQTT_STREAM_REFUSED`
 */
export function connectStream(options: BrokerOptions, { name, ...settings }: StreamOptions): MqttLink {
  const { role, account, instance = '', ...connection } = options;
  if (role === 'client') {
    throw new EgizError('MQTT_STREAM_REFUSED', `The account ${account} can have one connection only`, {
      id: account,
      mend: 'Choose a broker connection of a service: on the listeners of clients the account is the client id.',
    });
  }
  const { will: _will, ...withoutWill } = connection;
  const kept = connection.sessionExpirySeconds ?? 0;
  const clientId = [account, 'stream', ...(instance === '' ? [] : [instance]), name].join('-');
  return connectMqtt({
    ...withoutWill,
    ...settings,
    sessionExpirySeconds: Math.min(settings.sessionExpirySeconds ?? kept, kept),
    clientId,
    cleanStart: false,
  });
}

/** What a link that only listens may choose. */
export interface ListenOptions extends Pick<ConnectOptions, 'keepalive' | 'onWarning' | 'retainAsPublished'> {
  /** Becomes part of the client id: letters, digits, `_` and `-`. */
  readonly purpose: string;
}

/**
 * A link of its own without a session, for whoever wants to know how things are now and not how they were while it
 * was away. On the listeners of clients, where the broker makes the account the client id, it must be the only one.
 * @throws EgizError `MQTT_URL_INVALID`, `MQTT_PLAINTEXT_REFUSED`
 */
export function connectListener(options: BrokerOptions, { purpose, ...settings }: ListenOptions): MqttLink {
  const { role, account, instance: _instance, will: _will, ...connection } = options;
  return connectMqtt({
    ...connection,
    ...settings,
    clientId: role === 'client' ? account : `${account}-${purpose}-${randomBytes(4).toString('hex')}`,
    cleanStart: true,
    sessionExpirySeconds: 0,
  });
}

const RANK: Readonly<Record<LinkState['kind'], number>> = {
  closed: 3,
  disconnected: 2,
  connecting: 1,
  connected: 0,
};

function links(publisher: MqttLink, receiver: RenewableLink): BrokerLinks {
  const all = publisher === receiver ? [receiver] : [receiver, publisher];
  const worst = () =>
    all.reduce((one, { state }) => (RANK[state.kind] > RANK[one.kind] ? state : one), receiver.state);
  return {
    publisher,
    receiver,
    onState(listener) {
      let told: LinkState | undefined;
      const tell = () => {
        const state = worst();
        if (state === told) return;
        told = state;
        listener(state);
      };
      const stops = all.map((link) => link.onState(tell));
      return () => {
        for (const stop of stops) stop();
      };
    },
    renew: () => receiver.renew(),
    async close() {
      await Promise.all(all.map((link) => link.close()));
    },
  };
}
