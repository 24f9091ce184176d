import should from 'should';
import { EdgeClient, type EdgeOptions } from '../../../lib/edge/client';
import {
  APPLIED,
  type ApplyContext,
  type ApplyOutcome,
  type Configuration,
} from '../../../lib/edge/configuration';
import { StateInMemory } from '../../../lib/edge/state-file';
import { EgizError } from '../../../lib/errors/egiz-error';
import { ManualClock } from '../../support/clock';
import { commandOf, FakeLink, PRESS, settled } from '../../support/edge';
import { LENIENT_SCHEMAS } from '../../support/engine';

let clock: ManualClock;
let link: FakeLink;
let store: StateInMemory;
let applied: { readonly configuration: Configuration; readonly context: ApplyContext }[];
let warnings: EgizError[];
let outcome: (configuration: Configuration, context: ApplyContext) => Promise<ApplyOutcome> | ApplyOutcome;

beforeEach(() => {
  clock = new ManualClock();
  store = new StateInMemory();
  outcome = () => APPLIED;
  warnings = [];
});

function start(options: Partial<EdgeOptions> = {}): EdgeClient {
  link = new FakeLink();
  applied = [];
  const client = new EdgeClient({
    ref: PRESS,
    store,
    schemas: LENIENT_SCHEMAS,
    clock,
    bootId: 'boot-1',
    onWarning: (warning) => warnings.push(warning),
    async apply(configuration, context) {
      applied.push({ configuration, context });
      return outcome(configuration, context);
    },
    ...options,
  });
  client.start(link);
  return client;
}

async function online(options: Partial<EdgeOptions> = {}): Promise<EdgeClient> {
  const client = start(options);
  link.connect();
  await settled();
  return client;
}

const revisions = () =>
  applied.map(({ configuration, context }) => `${configuration.revision} ${context.reason}`);

describe('an edge client (SPEC 3 "Edge client")', () => {
  it('says received, applies, says applied with the hash it now runs', async () => {
    const client = await online();
    const command = commandOf(1, { speed: 1 });
    await link.deliver(command);
    link.told.should.eql(['1 received RECEIVED', '1 applied APPLIED']);
    link.reports.map(({ reportedHash }) => reportedHash).should.eql([null, command.hash]);
    link.reports.map(({ seq }) => seq).should.eql([1, 2]);
    should(client.lastGood?.settings).eql({ speed: 1 });
    should(link.published[2]?.properties?.correlationData?.toString('hex')).equal(
      command.commandId.replaceAll('-', ''),
    );
  });

  it('repeats its last report when the same command comes again, and applies nothing', async () => {
    await online();
    const command = commandOf(1, { speed: 1 });
    await link.deliver(command);
    await link.deliver(command);
    link.told.should.eql(['1 received RECEIVED', '1 applied APPLIED', '1 applied APPLIED']);
    should(link.reports[2]?.seq).equal(3);
    applied.length.should.equal(1);
  });

  it('answers a lower revision with superseded', async () => {
    await online();
    await link.deliver(commandOf(2, { speed: 2 }));
    await link.deliver(commandOf(1, { speed: 1 }));
    should(link.told.at(-1)).equal('1 superseded NEWER_REVISION');
    applied.length.should.equal(1);
  });

  it('does not apply what it runs already, though the command is new', async () => {
    await online();
    await link.deliver(commandOf(1, { speed: 1 }));
    await link.deliver(commandOf(1, { speed: 1 }));
    should(link.told.at(-1)).equal('1 applied ALREADY_APPLIED');
    applied.length.should.equal(1);
  });

  it('rejects settings that do not fit, with every error, and touches nothing', async () => {
    await online();
    await link.deliver(commandOf(1, { bad: true }));
    link.told.should.eql(['1 rejected INVALID']);
    should(link.reports[0]?.errors).eql([
      { pointer: '/bad', rule: 'forbidden', message: 'must not be there' },
    ]);
    applied.length.should.equal(0);
  });

  for (const [what, extra, told] of [
    ['a schema it does not know', { schema: 'thing/9' }, '1 rejected SCHEMA_UNKNOWN'],
    ['settings that were changed on the way', { hash: '0'.repeat(64) }, '1 rejected HASH_MISMATCH'],
    ['a command that has expired', { expiresAt: '2026-01-29T10:29:59Z' }, '1 failed EXPIRED'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await online();
      await link.deliver(commandOf(1, { speed: 1 }, extra));
      link.told.should.eql([told]);
      applied.length.should.equal(0);
    });
  }

  for (const [what, deliver, code] of [
    ['a retained command', () => link.deliver(commandOf(1, {}), true), 'RETAINED_COMMAND'],
    ["another client's command", () => link.deliver(commandOf(1, {}, { clientId: 'x' })), 'COMMAND_NOT_OURS'],
    ['what is not JSON', () => link.deliver('{"type":'), 'INVALID_MESSAGE'],
    [
      'a command without an id',
      () => link.deliver('{"type":"ClientConfigurationUpdated"}'),
      'INVALID_MESSAGE',
    ],
  ] as const) {
    it(`ignores ${what}, and says so here`, async () => {
      await online();
      await deliver();
      link.reports.should.eql([]);
      warnings.map((warning) => warning.code).should.eql([code]);
    });
  }

  it('reports what the machine refused, key by key', async () => {
    const errors = [{ pointer: '/tags/a', rule: 'BadNodeIdUnknown', message: 'is not known' }];
    outcome = () => ({ state: 'applied', code: 'APPLIED_WITH_ERRORS', message: '1 of 2 tags', errors });
    await online();
    await link.deliver(commandOf(1, { speed: 1 }));
    should(link.reports.at(-1)).match({ state: 'applied', code: 'APPLIED_WITH_ERRORS', errors });
  });

  it('tells the first hundred errors and counts the rest', async () => {
    const errors = Array.from({ length: 250 }, (_, index) => ({
      pointer: `/${index}`,
      rule: 'r',
      message: 'm',
    }));
    outcome = () => ({ state: 'failed', code: 'ALL_TAGS_BAD', message: 'none', errors });
    await online();
    await link.deliver(commandOf(1, { speed: 1 }));
    const told = link.reports.at(-1)?.errors ?? [];
    told.length.should.equal(101);
    should(told.at(-1)).eql({ pointer: '', rule: 'more', message: '150 more errors are not listed' });
  });

  it('stays on the last good configuration when a new one fails, and brings it back', async () => {
    const client = await online();
    await link.deliver(commandOf(1, { speed: 1 }));
    outcome = (_configuration, { reason }) => {
      if (reason === 'command') throw new Error('the drive does not answer');
      return APPLIED;
    };
    await link.deliver(commandOf(2, { speed: 2 }));
    should(link.reports.at(-1)).match({ state: 'failed', code: 'APPLY_FAILED', message: /drive/ });
    should(client.lastGood?.revision).equal(1);
    revisions().should.eql(['1 command', '2 command', '1 rollback']);
  });

  it('counts a configuration nobody confirms as failed (CONFIRM_TIMEOUT)', async () => {
    await online({ confirmTimeoutMs: 1_000 });
    outcome = () => new Promise(() => undefined);
    await link.deliver(commandOf(1, { speed: 1 }));
    link.told.should.eql(['1 received RECEIVED']);
    clock.advance(1_000);
    await settled();
    should(link.told.at(-1)).equal('1 failed CONFIRM_TIMEOUT');
    should(applied[0]?.context.signal.aborted).be.true();
  });

  it('tells anew how it was applied when that changes', async () => {
    const client = await online();
    const command = commandOf(1, { speed: 1 });
    await link.deliver(command);
    client.revise(command.commandId, { ...APPLIED, code: 'UNVERIFIED' }).should.be.true();
    client.revise('0192f3c4-0000-7000-8000-ffffffffffff', APPLIED).should.be.false();
    should(link.told.at(-1)).equal('1 applied UNVERIFIED');
    should(link.reports.at(-1)?.seq).equal(3);
  });
});

describe('a client whose subscription is refused', () => {
  it('says so, and asks again at the next connection', async () => {
    let refusals = 0;
    link = new FakeLink();
    const { subscribe } = link;
    link.subscribe = async (...request) => {
      refusals += 1;
      if (refusals === 1) throw new EgizError('MQTT_SUBSCRIBE_REFUSED', 'not authorised');
      return subscribe.apply(link, request);
    };
    applied = [];
    const apply = async (configuration: Configuration, context: ApplyContext) => {
      applied.push({ configuration, context });
      return APPLIED;
    };
    const onWarning = (warning: EgizError) => void warnings.push(warning);
    new EdgeClient({ ref: PRESS, store, clock, bootId: 'boot-1', apply, onWarning }).start(link);
    await settled();
    warnings.map(({ code }) => code).should.eql(['MQTT_SUBSCRIBE_REFUSED']);
    link.connect();
    await link.deliver(commandOf(1, { speed: 1 }));
    applied.length.should.equal(1);
  });
});

describe('a burst of revisions', () => {
  it('queued while away: only the newest is applied, the others are superseded', async () => {
    start();
    link.connect(true);
    for (const revision of [1, 2, 3]) await link.deliver(commandOf(revision, { speed: revision }));
    applied.should.eql([]);
    clock.advance(200);
    await settled();
    revisions().should.eql(['3 command']);
    link.told.should.eql([
      '1 received RECEIVED',
      '2 received RECEIVED',
      '1 superseded NEWER_REVISION',
      '3 received RECEIVED',
      '2 superseded NEWER_REVISION',
      '3 applied APPLIED',
    ]);
  });

  it('that begins before the link says it is connected is held as well', async () => {
    start();
    await link.deliver(commandOf(1, { speed: 1 }));
    link.connect(true);
    await link.deliver(commandOf(2, { speed: 2 }));
    clock.advance(200);
    await settled();
    revisions().should.eql(['2 command']);
  });

  it('that comes while one is applied waits for its end; the middle one is superseded', async () => {
    let finish: (end: ApplyOutcome) => void = () => undefined;
    outcome = () => new Promise((resolve) => (finish = resolve));
    await online();
    for (const revision of [1, 2, 3]) await link.deliver(commandOf(revision, { speed: revision }));
    revisions().should.eql(['1 command']);
    outcome = () => APPLIED;
    finish(APPLIED);
    await settled();
    revisions().should.eql(['1 command', '3 command']);
    link.told.slice(-3).should.eql(['2 superseded NEWER_REVISION', '1 applied APPLIED', '3 applied APPLIED']);
  });

  it('is applied at once when nothing was queued', async () => {
    await online();
    await link.deliver(commandOf(1, { speed: 1 }));
    applied.length.should.equal(1);
  });
});

describe('birth, will and restart', () => {
  it('says online at each connection, with what it runs', async () => {
    await online();
    const command = commandOf(4, { speed: 4 });
    await link.deliver(command);
    link.disconnect();
    link.connect(true);
    await settled();
    link.births.should.match([
      { status: 'online', revision: 0, reportedHash: null, bootId: 'boot-1' },
      { status: 'online', revision: 4, reportedHash: command.hash, bootId: 'boot-1' },
    ]);
  });

  it('says it again when nobody was there to hear it (PUBACK 0x10)', async () => {
    start();
    link.answer = { reasonCode: 0x10, noSubscribers: true };
    link.connect();
    await settled();
    link.answer = { reasonCode: 0, noSubscribers: false };
    clock.advance(30_000);
    await settled();
    link.births.length.should.equal(2);
    clock.advance(60_000);
    await settled();
    link.births.length.should.equal(2);
  });

  it('has a will that says offline', async () => {
    const client = await online();
    await link.deliver(commandOf(1, { speed: 1 }));
    JSON.parse(String(client.will().payload)).should.match({
      status: 'offline',
      revision: 1,
      bootId: 'boot-1',
    });
  });

  it('resumes the last good configuration without reporting it', async () => {
    const first = await online();
    await link.deliver(commandOf(1, { speed: 1 }));
    await first.stop();
    await online({ bootId: 'boot-2' });
    revisions().should.eql(['1 resume']);
    link.reports.should.eql([]);
    link.births.should.match([{ revision: 1, bootId: 'boot-2' }]);
  });

  it('resumes without a broker, too', async () => {
    const first = await online();
    await link.deliver(commandOf(1, { speed: 1 }));
    await first.stop();
    start({ bootId: 'boot-2' });
    await settled();
    revisions().should.eql(['1 resume']);
  });

  it('goes on with the sequence numbers in the same boot, and begins anew in another', async () => {
    await (await online()).stop();
    for (const [bootId, seq] of [
      ['boot-1', 1],
      ['boot-1', 2],
      ['boot-2', 1],
    ] as const) {
      const client = await online({ bootId });
      await link.deliver(commandOf(1, { bad: seq }));
      should(link.reports.at(-1)?.seq).equal(seq);
      await client.stop();
    }
  });

  it('sends a report again until the broker has taken it, after a restart as well', async () => {
    const first = await online();
    link.answer = undefined;
    const command = commandOf(1, { speed: 1 });
    await link.deliver(command);
    link.disconnect();
    await first.stop();
    await online({ bootId: 'boot-2' });
    link.told.should.eql(['1 applied APPLIED']);
    should(link.reports[0]?.bootId).equal('boot-1');
    // The report comes before the birth, which would answer for it.
    should(JSON.parse(String(link.published[0]?.payload)).type).equal('ClientStatusReported');
  });

  it('takes up a command that was received and not finished, when it starts again', async () => {
    outcome = () => new Promise(() => undefined);
    const first = await online();
    await link.deliver(commandOf(1, { speed: 1 }));
    await first.stop();
    outcome = () => APPLIED;
    await online({ bootId: 'boot-2' });
    revisions().should.eql(['1 command']);
    should(applied[0]?.context.attempt).equal(1);
    should(link.told.at(-1)).equal('1 applied APPLIED');
  });

  it('gives up a configuration that has ended the process three times', async () => {
    outcome = () => new Promise(() => undefined);
    for (let boot = 1; boot <= 3; boot++) {
      await online({ bootId: `boot-${boot}` });
      if (boot === 1) await link.deliver(commandOf(1, { speed: 1 }));
      should(applied[0]?.context.attempt).equal(boot);
    }
    await online({ bootId: 'boot-4' });
    applied.should.eql([]);
    should(link.told.at(-1)).equal('1 failed APPLY_CRASHED');
  });

  it('leaves a command to the broker when it has been stopped', async () => {
    const client = await online();
    await client.stop();
    let acknowledged = false;
    void link.deliver(commandOf(1, { speed: 1 })).then(() => {
      acknowledged = true;
    });
    await settled();
    acknowledged.should.be.false();
  });
});

describe('a disk that is full', () => {
  it('fails the command, says why, and takes it when it comes again', async () => {
    await online();
    const save = store.save.bind(store);
    store.save = () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    const command = commandOf(1, { speed: 1 });
    await link.deliver(command);
    link.told.should.eql(['1 failed NOT_STORED']);
    should(warnings[0]?.code).equal('ENOSPC');
    store.save = save;
    await link.deliver(command);
    should(link.told.at(-1)).equal('1 applied APPLIED');
  });
});
