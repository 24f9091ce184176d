import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { parser as createParser, generate, type Packet } from 'mqtt-packet';
import should from 'should';
import type { EgizError } from '../../lib/errors/egiz-error';
import { connectMqtt, type RenewableLink } from '../../lib/mqtt/connection';
import type { IncomingMessage, LinkState, MqttLink } from '../../lib/mqtt/link';
import type { ConnectOptions } from '../../lib/mqtt/options';
import { delay, type MosquittoOptions, startMosquitto, type TestBroker, until } from '../support/mosquitto';
import { freePort } from '../support/ports';

let broker: TestBroker;
const links: MqttLink[] = [];
const servers: Server[] = [];

async function start(options: MosquittoOptions = {}): Promise<TestBroker> {
  broker = await startMosquitto(options);
  return broker;
}

/** A link that reconnects at once, closed after the test. */
function open(options: Partial<ConnectOptions> & { readonly clientId: string }): RenewableLink {
  const link = connectMqtt({ url: broker?.url ?? '', random: () => 0, ...options });
  links.push(link);
  return link;
}

function state(link: MqttLink): LinkState['kind'] {
  return link.state.kind;
}

async function connected<Link extends MqttLink>(link: Link): Promise<Link> {
  await until('connected', () => state(link) === 'connected');
  return link;
}

const message = (topic: string, payload = 'x') => ({ topic, payload, qos: 1 }) as const;

/** A broker that answers each packet as the test says; `end` closes the connection after the answer. */
async function fakeBroker(answer: (packet: Packet) => { packets: Packet[]; end?: boolean }): Promise<string> {
  const server = createServer((socket) => {
    const parser = createParser({ protocolVersion: 5 });
    parser.on('packet', (packet: Packet) => {
      const { packets, end = false } = answer(packet);
      for (const one of packets) socket.write(generate(one, { protocolVersion: 5 }));
      if (end) socket.end();
    });
    socket.on('error', () => undefined).on('data', (chunk) => parser.parse(chunk));
  });
  const port = await listen(server);
  servers.push(server);
  return `mqtt://127.0.0.1:${port}`;
}

const connack = (properties = {}): Packet => ({
  cmd: 'connack',
  reasonCode: 0,
  sessionPresent: false,
  properties,
});

/** Takes every connection and answers a SUBSCRIBE with this code. */
const subackOf = (code: () => number) => (packet: Packet) => {
  if (packet.cmd === 'connect') return { packets: [connack()] };
  if (packet.cmd !== 'subscribe') return { packets: [] };
  const { messageId = 0, subscriptions } = packet;
  return { packets: [{ cmd: 'suback', messageId, granted: subscriptions.map(code) } as Packet] };
};

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await Promise.all(links.splice(0).map((link) => link.close()));
  await broker?.close();
});

describe('publishing (MQTT 5.0 section 3.4.2.1)', () => {
  it('resolves with PUBACK 0x10 when nobody subscribes, and 0 when somebody does', async () => {
    await start();
    const link = await connected(open({ clientId: 'a' }));
    (await link.publish(message('t'))).should.eql({ reasonCode: 0x10, noSubscribers: true });
    await link.subscribe('t', () => undefined);
    (await link.publish(message('t'))).should.eql({ reasonCode: 0, noSubscribers: false });
  });

  it('resolves with PUBACK 0x87 where the account has no right', async () => {
    await start({ accounts: { a: 'secret' }, acl: ['user a', 'topic write allowed'] });
    const link = await connected(open({ clientId: 'a', credentials: { username: 'a', password: 'secret' } }));
    (await link.publish(message('forbidden'))).reasonCode.should.equal(0x87);
    (await link.publish(message('allowed'))).reasonCode.should.equal(0x10);
  });

  it('never queues while there is no connection', async () => {
    await start();
    const link = await connected(open({ clientId: 'a', random: () => 0.3 }));
    await broker.stop();
    await until('lost', () => state(link) === 'disconnected');
    await link.publish(message('t')).should.be.rejectedWith({ code: 'MQTT_NOT_CONNECTED' });
  });

  it('keeps to the Receive Maximum of the broker', async () => {
    await start({ conf: ['max_inflight_messages 5'] });
    const link = await connected(open({ clientId: 'a' }));
    broker.pause();
    const answers = Array.from({ length: 50 }, (_, index) => link.publish(message('t', `${index}`)));
    await delay(50);
    broker.resume();
    (await Promise.all(answers)).every(({ reasonCode }) => reasonCode === 0x10).should.be.true();
    broker.log().should.not.match(/Receive Maximum|protocol error/i);
  });

  it('settles what was in flight when the broker is killed (MQTT_CONNECTION_LOST)', async () => {
    await start();
    const link = await connected(open({ clientId: 'a' }));
    broker.pause();
    const sent = link.publish(message('t')).should.be.rejectedWith({ code: 'MQTT_CONNECTION_LOST' });
    await delay(20);
    await broker.kill();
    await sent;
  });

  it('settles what was in flight when it is closed (MQTT_CLOSED)', async () => {
    await start();
    const link = await connected(open({ clientId: 'a' }));
    broker.pause();
    const sent = link.publish(message('t')).should.be.rejectedWith({ code: 'MQTT_CLOSED' });
    await link.close();
    await sent;
    await link.publish(message('t')).should.be.rejectedWith({ code: 'MQTT_CLOSED' });
  });

  it('gives up waiting for a PUBACK (MQTT_ACK_TIMEOUT), and the place stays taken', async () => {
    await start();
    const link = await connected(open({ clientId: 'a', maxInFlight: 1 }));
    broker.pause();
    const first = link.publish(message('t'), { timeoutMs: 30 });
    await first.should.be.rejectedWith({ code: 'MQTT_ACK_TIMEOUT' });
    const second = link.publish(message('t'));
    broker.resume();
    (await second).reasonCode.should.equal(0x10);
  });

  it('ends the wait of who unsubscribes when it is closed meanwhile', async () => {
    const url = await fakeBroker((packet) => {
      if (packet.cmd === 'unsubscribe') return { packets: [] };
      return subackOf(() => 1)(packet);
    });
    const link = await connected(open({ url, clientId: 'silent' }));
    await link.subscribe('t', () => undefined);
    const unsubscribed = link.unsubscribe('t');
    await link.close();
    await unsubscribed;
  });

  it('does not send a message larger than the broker takes (MQTT_TOO_LARGE)', async () => {
    await start({ conf: ['max_packet_size 2000'] });
    const link = await connected(open({ clientId: 'a' }));
    await link.publish(message('t', 'x'.repeat(2000))).should.be.rejectedWith({ code: 'MQTT_TOO_LARGE' });
    (await link.publish(message('t', 'x'.repeat(1900)))).reasonCode.should.equal(0x10);
  });

  it('refuses a topic with a wildcard (MQTT_INVALID_TOPIC)', async () => {
    await start();
    const link = await connected(open({ clientId: 'a' }));
    await link.publish(message('a/#')).should.be.rejectedWith({ code: 'MQTT_INVALID_TOPIC' });
  });

  it('carries every property, both ways', async () => {
    await start();
    const link = await connected(open({ clientId: 'a' }));
    const received: IncomingMessage[] = [];
    await link.subscribe('t', (one) => void received.push(one));
    const properties = {
      correlationData: Buffer.from('0192f3c45d6e7f80', 'hex'),
      responseTopic: 'answers',
      contentType: 'application/json',
      payloadFormatIndicator: true,
      messageExpiryInterval: 60,
      userProperties: { revision: '17', schema: 'opc-core-client/1' },
    };
    await link.publish({ topic: 't', payload: '{}', qos: 1, properties });
    await until('received', () => received.length === 1);
    should(received[0]?.properties).eql(properties);
  });
});

describe('receiving', () => {
  it('resumes the session: what came while away is delivered, in order', async () => {
    await start();
    const session = { clientId: 'edge', cleanStart: false, sessionExpirySeconds: 60 };
    const edge = await connected(open(session));
    await edge.subscribe('t', () => undefined);
    await edge.close();
    const service = await connected(open({ clientId: 'service' }));
    for (const payload of ['1', '2', '3']) {
      (await service.publish(message('t', payload))).noSubscribers.should.be.false();
    }
    const received: string[] = [];
    const again = open(session);
    void again.subscribe('t', ({ payload }) => void received.push(payload.toString()));
    await until('delivered', () => received.length === 3);
    received.should.eql(['1', '2', '3']);
    await connected(again);
    again.state.should.eql({ kind: 'connected', sessionPresent: true });
  });

  it('keeps a message of a resumed session for a handler that is registered a moment later', async () => {
    await start();
    const session = { clientId: 'edge', cleanStart: false, sessionExpirySeconds: 60 };
    const edge = await connected(open(session));
    await edge.subscribe('t', () => undefined);
    await edge.close();
    await (await connected(open({ clientId: 'service' }))).publish(message('t', 'late'));
    const again = await connected(open(session));
    await delay(50);
    const received: string[] = [];
    await again.subscribe('t', ({ payload }) => void received.push(payload.toString()));
    await until('delivered', () => received.length === 1);
  });

  it('hands messages over one at a time', async () => {
    await start();
    const link = await connected(open({ clientId: 'a' }));
    const service = await connected(open({ clientId: 'service' }));
    let running = 0;
    let most = 0;
    let seen = 0;
    await link.subscribe('t', async () => {
      most = Math.max(most, ++running);
      await delay(2);
      running--;
      seen++;
    });
    await Promise.all(Array.from({ length: 20 }, () => service.publish(message('t'))));
    await until('all seen', () => seen === 20);
    most.should.equal(1);
  });

  it('hands over as many at once as it is told, and acknowledges in the order they came', async () => {
    await start();
    const link = await connected(open({ clientId: 'a', maxHandling: 4 }));
    const service = await connected(open({ clientId: 'service' }));
    let running = 0;
    let most = 0;
    const begun: number[] = [];
    await link.subscribe('t', async ({ payload }) => {
      const number = Number(payload.toString());
      begun.push(number);
      most = Math.max(most, ++running);
      // The first is the last to be done: its PUBACK comes first all the same.
      await delay(number === 0 ? 60 : 5);
      running--;
    });
    const numbers = Array.from({ length: 12 }, (_, number) => number);
    for (const number of numbers) await service.publish(message('t', String(number)));
    const acknowledged = () =>
      [...broker.log().matchAll(/Received PUBACK from a \(Mid: (\d+)/g)].map((one) => Number(one[1]));
    await until('all acknowledged', () => acknowledged().length === numbers.length);
    begun.should.eql(numbers);
    most.should.equal(4);
    acknowledged().should.eql([...acknowledged()].sort((one, other) => one - other));
  });

  it('may publish on the same link while it handles a message', async () => {
    await start();
    const link = await connected(open({ clientId: 'a' }));
    let answer: number | undefined;
    await link.subscribe('question', async () => {
      answer = (await link.publish(message('answer'))).reasonCode;
    });
    await (await connected(open({ clientId: 'service' }))).publish(message('question'));
    await until('answered', () => answer !== undefined);
  });

  it('holds the PUBACK until the handler settles: a receiver that dies before gets the message again', async () => {
    await start();
    const session = { clientId: 'edge', cleanStart: false, sessionExpirySeconds: 60 };
    const edge = await connected(open(session));
    let started = false;
    await edge.subscribe('t', () => {
      started = true;
      return new Promise(() => undefined);
    });
    const service = await connected(open({ clientId: 'service' }));
    await service.publish(message('t', 'precious'));
    await until('handler started', () => started);
    await edge.close();
    const received: IncomingMessage[] = [];
    void open(session).subscribe('t', (one) => void received.push(one));
    await until('delivered again', () => received.length === 1);
    should(received[0]?.duplicate).be.true();
  });

  it('tells a fault of the handler, acknowledges, and goes on with the next message', async () => {
    await start();
    const warnings: EgizError[] = [];
    const link = await connected(
      open({ clientId: 'a', onWarning: (warning) => void warnings.push(warning) }),
    );
    const received: string[] = [];
    await link.subscribe('t', ({ payload }) => {
      received.push(payload.toString());
      if (received.length === 1) throw new Error('broken');
    });
    const service = await connected(open({ clientId: 'service' }));
    await service.publish(message('t', '1'));
    await service.publish(message('t', '2'));
    await until('both received', () => received.length === 2);
    should(warnings[0]).match({ message: 'broken', cause: { topic: 't' } });
  });

  it('announces its Receive Maximum: the broker sends no more than that before a PUBACK', async () => {
    await start();
    const link = await connected(open({ clientId: 'a', receiveMaximum: 3 }));
    await link.subscribe('t', () => new Promise(() => undefined));
    const service = await connected(open({ clientId: 'service' }));
    for (let index = 0; index < 10; index++) await service.publish(message('t'));
    await delay(50);
    (broker.log().match(/Sending PUBLISH to a /g) ?? []).length.should.equal(3);
  });

  it('stops delivery on unsubscribe, also when that was said while disconnected', async () => {
    await start();
    const session = { clientId: 'edge', cleanStart: false, sessionExpirySeconds: 60 };
    const link = await connected(open(session));
    await link.subscribe('t', () => undefined);
    await broker.stop();
    await until('lost', () => state(link) === 'disconnected');
    await link.unsubscribe('t');
    await broker.start();
    await connected(link);
    const service = await connected(open({ clientId: 'service' }));
    (await service.publish(message('t'))).noSubscribers.should.be.true();
  });
});

describe('reconnecting', () => {
  it('subscribes again before it says connected when the broker has lost the session', async () => {
    await start();
    const link = await connected(open({ clientId: 'edge', cleanStart: false, sessionExpirySeconds: 60 }));
    await link.subscribe('t', () => undefined);
    await broker.kill();
    await until('lost', () => state(link) === 'disconnected');
    await broker.start();
    const service = await connected(open({ clientId: 'service' }));
    await connected(link);
    (await service.publish(message('t'))).noSubscribers.should.be.false();
    link.state.should.eql({ kind: 'connected', sessionPresent: false });
  });

  it('subscribes again also when the session is there: a killed broker may have saved it half', async () => {
    await start();
    const link = await connected(open({ clientId: 'edge', cleanStart: false, sessionExpirySeconds: 60 }));
    await link.subscribe('t', () => undefined);
    await broker.stop();
    await until('lost', () => state(link) === 'disconnected');
    await broker.start();
    await connected(link);
    link.state.should.eql({ kind: 'connected', sessionPresent: true });
    (broker.log().match(/Received SUBSCRIBE from edge/g) ?? []).length.should.equal(2);
  });

  it('waits by full jitter: a random part of 1 s, 2 s, 4 s', async () => {
    await start();
    await broker.stop();
    const waits: number[] = [];
    const clock = {
      now: Date.now,
      after(ms: number, work: () => void) {
        if (ms < 10_000) waits.push(ms);
        const timer = setTimeout(work, ms < 10_000 ? 1 : ms).unref();
        return () => clearTimeout(timer);
      },
    };
    open({ clientId: 'a', clock, random: () => 0.5 });
    await until('four attempts', () => waits.length >= 4);
    waits.slice(0, 4).should.eql([500, 1000, 2000, 4000]);
  });
});

describe('a subscription the broker refuses (SUBACK 0x80 and above)', () => {
  it('is told to who asked for it, and the connection goes on', async () => {
    const url = await fakeBroker(subackOf(() => 0x87));
    const link = await connected(open({ clientId: 'a', url }));
    const asked = link.subscribe('t', () => undefined);
    await asked.should.be.rejectedWith({
      code: 'MQTT_SUBSCRIBE_REFUSED',
      message: /subscription to t: not authorised \(0x87\)/,
      cause: { topic: 't', reasonCode: 0x87 },
    });
    state(link).should.equal('connected');
  });

  it('ends the connection with its reason when it had been granted before', async () => {
    let code = 1;
    const answer = subackOf(() => code);
    const url = await fakeBroker((packet) => answer(packet));
    const warnings: EgizError[] = [];
    const onWarning = (warning: EgizError) => void warnings.push(warning);
    const link = await connected(open({ clientId: 'a', url, random: () => 0.01, onWarning }));
    await link.subscribe('t', () => undefined);
    code = 0x87;
    link.renew();
    await until(
      'refused',
      () => link.state.kind === 'disconnected' && link.state.code === 'MQTT_SUBSCRIBE_REFUSED',
    );
    should(warnings[0]?.code).equal('MQTT_SUBSCRIBE_REFUSED');
    code = 1;
    await connected(link);
  });
});

describe('what the broker grants', () => {
  it('is compared with what was asked for: a shorter session is told', async () => {
    const url = await fakeBroker(() => ({ packets: [connack({ sessionExpiryInterval: 60 })] }));
    const warnings: EgizError[] = [];
    const onWarning = (warning: EgizError) => void warnings.push(warning);
    await connected(open({ clientId: 'a', url, cleanStart: false, sessionExpirySeconds: 86_400, onWarning }));
    should(warnings[0]).match({
      code: 'MQTT_SESSION_EXPIRY_SHORTENED',
      message: 'The broker keeps the session for 60 s instead of 86400 s',
    });
  });
});

describe('why there is no connection', () => {
  async function reason(options: Partial<ConnectOptions>): Promise<string> {
    const link = open({ clientId: 'a', random: () => 0.9, ...options });
    await until('refused', () => state(link) === 'disconnected');
    return link.state.kind === 'disconnected' ? `${link.state.code}: ${link.state.reason}` : '';
  }

  it('is told: wrong password', async () => {
    await start({ accounts: { a: 'right' } });
    const told = await reason({ credentials: { username: 'a', password: 'wrong' } });
    told.should.match(/^MQTT_(NOT_AUTHORISED|BAD_CREDENTIALS): The broker refused the connection/);
  });

  it('is told: nothing listens there', async () => {
    await start();
    const told = await reason({ url: `mqtt://127.0.0.1:${await freePort()}` });
    told.should.match(/^MQTT_UNREACHABLE: No connection to .* nothing listens there/);
  });

  it('is told: no answer', async () => {
    await start();
    broker.pause();
    const told = await reason({ connectTimeoutMs: 100 });
    told.should.match(/^MQTT_CONNECT_TIMEOUT: No answer/);
  });

  it('is told: the client id is used twice (0x8E)', async () => {
    const takesOver = await fakeBroker(() => ({
      packets: [connack(), { cmd: 'disconnect', reasonCode: 0x8e }],
      end: true,
    }));
    const told = await reason({ url: takesOver });
    told.should.match(/^MQTT_SESSION_TAKEN_OVER: .* used twice/);
  });

  it('is guessed when the broker does not tell: connections that end again and again', async () => {
    await start();
    const first = open({ clientId: 'twin', random: () => 0.01 });
    open({ clientId: 'twin', random: () => 0.01 });
    const told = () => (first.state.kind === 'disconnected' ? first.state.reason : '');
    await until('guessed', () => /is the client id "twin" used twice/.test(told()));
  });

  it('is told: the broker shuts down', async () => {
    await start();
    const link = await connected(open({ clientId: 'a', random: () => 0.9 }));
    await broker.stop();
    await until('lost', () => state(link) === 'disconnected');
    should(link.state).match({ code: /MQTT_SERVER_SHUTTING_DOWN|MQTT_CONNECTION_LOST/ });
  });
});

describe('TLS', () => {
  const ca = () => readFileSync(broker.pki.caFile);

  it('connects with TLS 1.3 to a broker whose certificate is for the address', async () => {
    await start({ tls: true });
    const link = await connected(open({ clientId: 'a', url: broker.tlsUrl, tls: { ca: ca() } }));
    (await link.publish(message('t'))).reasonCode.should.equal(0x10);
  });

  it('refuses a server that speaks only TLS 1.2 (SEC-1)', async () => {
    await start({ tls: true });
    const { certFile, keyFile } = broker.pki.server;
    const old = createTlsServer({
      maxVersion: 'TLSv1.2',
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
    });
    const url = `mqtts://127.0.0.1:${await listen(old)}`;
    const link = open({ clientId: 'a', url, tls: { ca: ca() }, random: () => 0.9 });
    await until('refused', () => state(link) === 'disconnected');
    old.close();
    should(link.state).match({ code: 'TLS_VERSION' });
  });

  it('refuses a server whose authority is not known', async () => {
    await start({ tls: true });
    const link = open({ clientId: 'a', url: broker.tlsUrl, random: () => 0.9 });
    await until('refused', () => state(link) === 'disconnected');
    should(link.state).match({ code: 'TLS_UNTRUSTED' });
  });

  it('says so when the port does not speak TLS', async () => {
    await start({ tls: true });
    const url = broker.url.replace('mqtt:', 'mqtts:');
    const link = open({ clientId: 'a', url, tls: { ca: ca() }, random: () => 0.9, connectTimeoutMs: 2_000 });
    await until('refused', () => state(link) === 'disconnected');
    should(link.state).match({
      code: /TLS_NOT_TLS|MQTT_UNREACHABLE|MQTT_CONNECTION_LOST|MQTT_CONNECT_TIMEOUT/,
    });
  });

  it('says so when the key cannot be read', async () => {
    await start({ tls: true });
    const tls = { ca: ca(), cert: 'no certificate', key: 'no key' };
    const link = open({ clientId: 'a', url: broker.tlsUrl, tls, random: () => 0.9 });
    await until('refused', () => state(link) === 'disconnected');
    should(link.state).match({ code: 'TLS_FAILED' });
  });

  it('sends small packets at once: no-delay is set on the connected TLS stream', async () => {
    await start({ tls: true });
    const original = Socket.prototype.setNoDelay;
    const set: boolean[] = [];
    Socket.prototype.setNoDelay = function (this: Socket, on?: boolean) {
      set.push(!this.connecting && on === true);
      return original.call(this, on);
    };
    try {
      await connected(open({ clientId: 'a', url: broker.tlsUrl, tls: { ca: ca() } }));
    } finally {
      Socket.prototype.setNoDelay = original;
    }
    set.should.containEql(true);
  });
});

describe('the will', () => {
  it('is published also when the link is closed (DISCONNECT 0x04)', async () => {
    await start();
    const watcher = await connected(open({ clientId: 'w' }));
    const seen: string[] = [];
    await watcher.subscribe('gone', ({ payload }) => void seen.push(payload.toString()));
    const will = () => ({ topic: 'gone', payload: 'bye', qos: 1, retain: false }) as const;
    const link = await connected(open({ clientId: 'a', will }));
    await link.close();
    await until('told', () => seen.length === 1);
  });

  it('that is given later is told by connecting anew', async () => {
    await start();
    const watcher = await connected(open({ clientId: 'w' }));
    const seen: string[] = [];
    await watcher.subscribe('gone', ({ payload }) => void seen.push(payload.toString()));
    let payload: string | undefined;
    const link = connectMqtt({
      url: broker.url,
      clientId: 'a',
      random: () => 0,
      will: () => (payload === undefined ? undefined : { topic: 'gone', payload, qos: 1, retain: false }),
    });
    links.push(link);
    await connected(link);
    payload = 'late';
    link.renew();
    await until('renewed', () => (broker.log().match(/New client connected .* as a /g) ?? []).length === 2);
    await connected(link);
    seen.should.eql([]);
    await link.close();
    await until('told', () => seen.length === 1);
    seen.should.eql(['late']);
  });
});
