import should from 'should';
import { EgizError } from '../../../lib/errors/egiz-error';
import type { LinkState, PublishRequest, PublishResult } from '../../../lib/mqtt/link';
import { OutboxPublisher } from '../../../lib/outbox/publisher';
import { backoffMs } from '../../../lib/time/backoff';
import { type Engine, order, PRESS, push, Reporter, startEngine, stored } from '../../support/engine';

const TAKEN: PublishResult = { reasonCode: 0, noSubscribers: false };
const CONNECTED: LinkState = { kind: 'connected', sessionPresent: false };
const AWAY: LinkState = { kind: 'disconnected', reason: 'gone', code: 'GONE' };

/** A broker whose answers a test chooses: faults like these cannot be asked of a real one. */
class ScriptedOutlet {
  readonly sent: PublishRequest[] = [];
  answer: (request: PublishRequest) => Promise<PublishResult> = async () => TAKEN;
  #listener: (state: LinkState) => void = () => undefined;
  #state: LinkState = CONNECTED;

  publish(request: PublishRequest): Promise<PublishResult> {
    this.sent.push(request);
    return this.answer(request);
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.#listener = listener;
    listener(this.#state);
    return () => undefined;
  }

  become(state: LinkState): void {
    this.#state = state;
    this.#listener(state);
  }

  revisions(): (string | undefined)[] {
    return this.sent.map((request) => request.properties?.userProperties?.revision);
  }
}

describe('publishing the outbox (SPEC 3 "Service")', () => {
  let engine: Engine;
  let outlet: ScriptedOutlet;
  let publisher: OutboxPublisher;
  const errors: Error[] = [];

  beforeEach(async () => {
    engine = await startEngine();
    outlet = new ScriptedOutlet();
    errors.length = 0;
    const onError = (error: Error) => errors.push(error);
    publisher = new OutboxPublisher({
      service: engine.service,
      outlet,
      owner: 'test',
      random: () => 1,
      onError,
    });
  });
  afterEach(async () => {
    await publisher.stop();
    await engine.close();
    should(errors).be.empty();
  });

  /** Waits until the command is in the state; the publisher works by itself. */
  const reaches = async (command: { commandId: string }, state: string) => {
    for (let tries = 0; tries < 200; tries += 1) {
      const now = await stored(engine, command);
      if (now.state === state) return now;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`still ${(await stored(engine, command)).state}, not ${state}`);
  };
  const rows = async () => (await engine.service.store.transaction((tx) => tx.outboxDepth())).rows;

  it('publishes on commit, QoS 1, not retained, with the properties of SPEC 3', async () => {
    publisher.start();
    const command = await push(engine, { a: 1 });
    await reaches(command, 'published');
    should(outlet.sent[0]).containDeep({
      topic: 'tenants/acme/clients/press-1/commands/config',
      qos: 1,
      retain: false,
      properties: {
        responseTopic: 'tenants/acme/clients/press-1/status',
        contentType: 'application/json',
        payloadFormatIndicator: true,
        messageExpiryInterval: 86_400,
        userProperties: { revision: '1', schema: 'thing/2' },
      },
    });
    const correlation = outlet.sent[0]?.properties?.correlationData?.toString('hex');
    should(correlation).equal(command.commandId.replaceAll('-', ''));
    should(await rows()).equal(0);
  });

  it('sends what was committed before it started', async () => {
    const command = await push(engine, { a: 1 });
    publisher.start();
    await reaches(command, 'published');
  });

  it('says the seconds really left in the Message Expiry', async () => {
    await push(engine, { a: 1 }, { expiresInSeconds: 100 });
    engine.clock.advance(40_500);
    publisher.start();
    await reaches({ commandId: (await newest())?.commandId ?? '' }, 'published');
    should(outlet.sent[0]?.properties?.messageExpiryInterval).equal(59);
  });
  const newest = () => engine.service.store.transaction((tx) => tx.commandForRevision(PRESS, 1));

  it('keeps commands queued while the broker is away, and sends them when it is back', async () => {
    outlet.become(AWAY);
    publisher.start();
    const command = await push(engine, { a: 1 });
    should(await reaches(command, 'queued')).have.property('code', 'BROKER_UNAVAILABLE');
    outlet.become(CONNECTED);
    await reaches(command, 'published');
  });

  it('holds the row at PUBACK 0x10 until the client is born', async () => {
    outlet.answer = async () => ({ reasonCode: 0x10, noSubscribers: true });
    publisher.start();
    const command = await push(engine, { a: 1 });
    should(await reaches(command, 'queued')).have.property('code', 'NO_SUBSCRIBERS');
    outlet.answer = async () => TAKEN;
    await new Reporter(engine).birth();
    await reaches(command, 'published');
    outlet.sent.should.have.length(2);
  });

  it('does not miss a birth that comes between the PUBLISH and its PUBACK 0x10', async () => {
    outlet.answer = async () => {
      outlet.answer = async () => TAKEN;
      await new Reporter(engine).birth();
      return { reasonCode: 0x10, noSubscribers: true };
    };
    publisher.start();
    await reaches(await push(engine, { a: 1 }), 'published');
  });

  for (const [reasonCode, code] of [
    [0x87, 'NOT_AUTHORISED'],
    [0x95, 'PACKET_TOO_LARGE'],
    [0x99, 'PAYLOAD_INVALID'],
  ] as const) {
    it(`fails for good at PUBACK 0x${reasonCode.toString(16)}, with an alert`, async () => {
      outlet.answer = async () => ({ reasonCode, noSubscribers: false });
      publisher.start();
      should(await reaches(await push(engine, { a: 1 }), 'failed')).have.property('code', code);
      engine.alerts.map((alert) => alert.code).should.eql(['COMMAND_FAILED']);
      should(await rows()).equal(0);
    });
  }

  it('backs off at PUBACK 0x97 and tries again', async () => {
    let answers = 0;
    outlet.answer = async () => {
      answers += 1;
      return answers === 1 ? { reasonCode: 0x97, noSubscribers: false } : TAKEN;
    };
    publisher.start();
    const command = await push(engine, { a: 1 });
    should(await reaches(command, 'queued')).have.property('code', 'QUOTA_EXCEEDED');
    engine.clock.advance(1_000);
    await reaches(command, 'published');
  });

  it('sends again with the same command id when no PUBACK came', async () => {
    let answers = 0;
    outlet.answer = async () => {
      answers += 1;
      if (answers === 1) throw new EgizError('MQTT_ACK_TIMEOUT', 'no PUBACK within 10 s');
      return TAKEN;
    };
    publisher.start();
    const command = await push(engine, { a: 1 });
    await reaches(command, 'queued');
    engine.clock.advance(1_000);
    await reaches(command, 'published');
    const ids = outlet.sent.map((request) => request.properties?.correlationData?.toString('hex'));
    should(new Set(ids).size).equal(1);
  });

  it('has one row of a client under way at a time, in order', async () => {
    const answers: (() => void)[] = [];
    outlet.answer = () => new Promise((resolve) => answers.push(() => resolve(TAKEN)));
    publisher.start();
    await push(engine, { a: 1 });
    while (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await push(engine, { a: 2 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    outlet.revisions().should.eql(['1']);
    answers.shift()?.();
    while (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    answers.shift()?.();
    await reaches(second, 'published');
    outlet.revisions().should.eql(['1', '2']);
  });

  it('does not send again what a newer revision has replaced while it was on the wire', async () => {
    const faults: (() => void)[] = [];
    outlet.answer = () =>
      new Promise((_, reject) => faults.push(() => reject(new EgizError('MQTT_ACK_TIMEOUT', 'no'))));
    publisher.start();
    const first = await push(engine, { a: 1 });
    while (faults.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await push(engine, { a: 2 });
    outlet.answer = async () => TAKEN;
    faults.shift()?.();
    await reaches(second, 'published');
    should(await stored(engine, first)).have.property('state', 'superseded');
    outlet.revisions().should.eql(['1', '2']);
  });

  it('does not move a command back when the status came before the PUBACK', async () => {
    outlet.answer = async () => {
      const command = await newest();
      if (command !== undefined) await new Reporter(engine).report(command, 'applied');
      return TAKEN;
    };
    publisher.start();
    const command = await push(engine, { a: 1 });
    await reaches(command, 'applied');
    await new Promise((resolve) => setTimeout(resolve, 30));
    should(await stored(engine, command)).have.property('state', 'applied');
  });

  it('expires what could not be sent in time', async () => {
    outlet.become(AWAY);
    publisher.start();
    const command = await push(engine, { a: 1 }, { expiresInSeconds: 60 });
    engine.clock.advance(60_000);
    await engine.service.tick();
    should(await stored(engine, command)).have.property('state', 'expired');
    should(await rows()).equal(0);
  });

  it('fails a command that no message can be made of, and none of the others', async () => {
    const stranger = { tenantId: 'acme', clientId: 'stranger' };
    await engine.service.store.transaction((tx) =>
      tx.registerClient({
        ...stranger,
        type: 'thing',
        profile: 'of-another-release',
        address: '',
        labels: {},
      }),
    );
    const given = order({ n: 1 });
    const result = await engine.service.push({ ...given, ref: stranger });
    if (result.kind !== 'new' || result.acceptance.kind !== 'accepted') throw new Error('not accepted');
    const sound = await push(engine, { n: 2 });
    publisher.start();
    should(await reaches(result.acceptance.command, 'failed')).have.property('code', 'PROFILE_UNKNOWN');
    await reaches(sound, 'published');
    errors.should.eql([]);
  });

  it('goes on by itself after the store has failed under it', async () => {
    const { store } = engine.service;
    const transaction = store.transaction.bind(store);
    const full = new EgizError('STORE_UNAVAILABLE', 'the disk is full');
    outlet.become(AWAY);
    publisher.start();
    const command = await push(engine, { a: 1 });
    await reaches(command, 'queued');
    engine.clock.advance(60_000);
    store.transaction = () => Promise.reject(full);
    outlet.become(CONNECTED);
    await new Promise((resolve) => setTimeout(resolve, 20));
    store.transaction = transaction;
    // Nothing wakes it: no commit, no change of the connection.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    should((await stored(engine, command)).state).equal('published');
    should(errors.splice(0)).containEql(full);
  });

  it('stops once, however often it is told to', async () => {
    publisher.start();
    should(publisher.stop()).equal(publisher.stop());
    await publisher.stop();
  });

  it('raises one alert for an outbox older than five minutes', async () => {
    outlet.become(AWAY);
    publisher.start();
    await push(engine, { a: 1 });
    engine.clock.advance(300_001);
    await engine.service.tick();
    await engine.service.tick();
    engine.alerts.map((alert) => alert.code).should.eql(['OUTBOX_STALLED']);
  });

  it('times out a client that has taken the message and does not answer', async () => {
    publisher.start();
    const command = await push(engine, { a: 1 }, { applyTimeoutSeconds: 10 });
    await reaches(command, 'published');
    engine.clock.advance(10_000);
    await engine.service.tick();
    should(await stored(engine, command)).have.properties({ state: 'timed_out', code: 'NO_ANSWER' });
  });
});

describe('full-jitter backoff', () => {
  it('doubles from 1 s to a cap of 60 s, times a random share', () => {
    [1, 2, 3, 7, 50]
      .map((attempts) => backoffMs(attempts, 1))
      .should.eql([1_000, 2_000, 4_000, 60_000, 60_000]);
    backoffMs(3, 0.25).should.equal(1_000);
  });
});
