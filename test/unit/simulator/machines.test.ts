import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import type { ApplyOutcome, Configuration } from '../../../lib/edge/configuration';
import { hashSettings } from '../../../lib/json/canonical';
import type { JsonObject } from '../../../lib/json/json';
import type { PublishRequest } from '../../../lib/mqtt/link';
import { SHIPPED_SCHEMAS } from '../../../lib/schemas/shipped';
import { genericClient } from '../../../lib/simulator/generic';
import type { Machine, MachineType } from '../../../lib/simulator/machine';
import { opcCoreClient } from '../../../lib/simulator/opc-core-client';
import { signalTower } from '../../../lib/simulator/signal-tower';
import { ManualClock } from '../../support/clock';
import { PRESS, settled } from '../../support/edge';

const example = (name: string) =>
  JSON.parse(readFileSync(join(SHIPPED_SCHEMAS, 'examples', `${name}.json`), 'utf8')) as JsonObject;

const ROOT = 'tenants/acme/clients/press-line-1';

let clock: ManualClock;
let published: PublishRequest[];
let machine: Machine;
let revision: number;

function make(type: MachineType): void {
  clock = new ManualClock();
  published = [];
  revision = 0;
  machine = type({
    ref: PRESS,
    clock,
    bootId: 'boot-1',
    async publish(request) {
      published.push(request);
      return { reasonCode: 0, noSubscribers: false };
    },
  });
}

async function apply(settings: JsonObject): Promise<ApplyOutcome> {
  revision += 1;
  const configuration: Configuration = {
    commandId: '0192f3c4-0000-7000-8000-000000000001',
    revision,
    version: '1.0.0',
    schema: 'any/1',
    settings,
    hash: hashSettings(settings),
  };
  const signal = new AbortController().signal;
  const outcome = await machine.apply(configuration, {
    reason: 'command',
    previous: null,
    attempt: 1,
    signal,
  });
  await settled();
  return outcome;
}

/** What was published on a topic since the last call. */
function taken(topic: string): JsonObject[] {
  const found = published.filter((request) => request.topic === `${ROOT}/${topic}`);
  published = published.filter((request) => !found.includes(request));
  return found.map(({ payload }) => (payload === '' ? {} : (JSON.parse(String(payload)) as JsonObject)));
}

/** The values of a telemetry message. */
function valuesOf(message: JsonObject | undefined): JsonObject[] {
  return (message?.values ?? []) as JsonObject[];
}

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await settled();
}

/** One group of one connection; the members of `more` are the configuration's. */
const withTags = (tags: JsonObject, more: JsonObject = {}): JsonObject => ({
  connections: {
    press: { endpoint: 'opc.tcp://a:4840', groups: { fast: { publishingIntervalMs: 500, tags } } },
  },
  ...more,
});

describe('a simulated OPC Core Client', () => {
  beforeEach(() => make(opcCoreClient));
  afterEach(() => machine.stop());

  it('publishes the values of each group at its interval', async () => {
    should(await apply(example('opc-core-client.1'))).match({ state: 'applied', code: 'APPLIED' });
    published = [];
    await pass(5_000);
    taken('telemetry/press/fast').length.should.equal(10);
    taken('telemetry/press/slow').length.should.equal(1);
  });

  it('publishes them in the form of telemetry, counted by seq', async () => {
    await apply(withTags({ force: 's=Force', 'oil-temp': { nodeId: 's=Oil', unit: 'Cel' } }));
    await pass(500);
    const [first, second] = taken('telemetry/press/fast');
    should(first).match({ type: 'OpcTelemetry', ...PRESS, bootId: 'boot-1', seq: 1, revision: 1 });
    should(second).match({ seq: 2 });
    valuesOf(first)
      .map(({ n }) => n)
      .should.eql(['force', 'oil-temp']);
    should(valuesOf(first)[0]?.v).be.Number();
  });

  it('changes what it publishes without losing the sequence', async () => {
    await apply(withTags({ force: 's=Force' }));
    await apply(withTags({ force: 's=Force', position: 's=Position' }));
    const [, after] = taken('telemetry/press/fast');
    should(after).match({ seq: 2, revision: 2 });
    valuesOf(after).length.should.equal(2);
  });

  it('keeps a retained description of each group, and removes it with the group', async () => {
    await apply(withTags({ force: { nodeId: 's=Force', unit: 'kN' } }));
    const meta = published.find(({ topic }) => topic === `${ROOT}/meta/press/fast`);
    should(meta?.retain).be.true();
    JSON.parse(String(meta?.payload)).should.match({
      revision: 1,
      tags: { force: { nodeId: 's=Force', unit: 'kN', status: 'Good' } },
    });
    await apply({ connections: { other: { groups: { only: { tags: { a: 's=A' } } } } } });
    taken('meta/press/fast').at(-1)?.should.eql({});
    published = [];
    machine.connected();
    await settled();
    taken('meta/other/only').length.should.equal(1);
  });

  it('refuses tags the machine does not know one by one, and goes on with the others', async () => {
    const outcome = await apply(withTags({ force: 's=Force', gone: 'nsu=urn:a;s=Missing.Tag' }));
    outcome.should.match({
      state: 'applied',
      code: 'APPLIED_WITH_ERRORS',
      errors: [{ pointer: '/connections/press/groups/fast/tags/gone', rule: 'BadNodeIdUnknown' }],
    });
    valuesOf(taken('telemetry/press/fast')[0])
      .map(({ n }) => n)
      .should.eql(['force']);
  });

  it('fails for one unknown tag when the settings say so, and keeps what it had', async () => {
    await apply(withTags({ force: 's=Force' }));
    published = [];
    const strict = { apply: { onTagError: 'fail' } };
    const outcome = await apply(withTags({ force: 's=Force', gone: 's=Missing' }, strict));
    outcome.should.match({ state: 'failed', code: 'TAG_ERRORS' });
    await pass(500);
    should(taken('telemetry/press/fast')[0]).match({ revision: 1 });
  });

  it('fails when a group has no tag the machine knows (wrong namespace)', async () => {
    const outcome = await apply(withTags({ a: 's=Missing.A', b: 's=Missing.B' }));
    outcome.should.match({ state: 'failed', code: 'ALL_TAGS_BAD' });
    outcome.errors.length.should.equal(2);
    published.should.eql([]);
  });

  it('rejects a configuration that names a secret it does not have', async () => {
    const settings = withTags({ force: 's=Force' });
    const identity = { type: 'username', username: 'edge', passwordRef: 'missing/press' };
    Object.assign((settings.connections as JsonObject).press as JsonObject, { identity });
    (await apply(settings)).should.match({
      state: 'rejected',
      code: 'INVALID',
      errors: [{ pointer: '/connections/press/identity/passwordRef', rule: 'secretMissing' }],
    });
  });

  it('divides a large group into messages of at most maxValues', async () => {
    const tags = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`t${index}`, `s=T${index}`]));
    await apply(withTags(tags, { telemetry: { maxValues: 10 } }));
    taken('telemetry/press/fast')
      .map(({ values }) => (values as unknown[]).length)
      .should.eql([10, 10, 5]);
  });

  it('says nothing in a group or for a tag that is switched off', async () => {
    const group = { enabled: false, tags: { a: 's=A' } };
    await apply({ connections: { press: { groups: { off: group } } } });
    await pass(5_000);
    taken('telemetry/press/off').should.eql([]);
  });
});

describe('a simulated signal tower', () => {
  beforeEach(() => make(signalTower));
  afterEach(() => machine.stop());

  it('shows its lamps at once and at its interval', async () => {
    await apply(example('signal-tower.1'));
    await pass(5_000);
    const [first, second] = taken('telemetry/tower/state');
    should(first).match({
      type: 'SignalTowerState',
      revision: 1,
      lamps: {
        fault: { colour: 'red', mode: 'off', lit: false },
        running: { colour: 'green', mode: 'steady', lit: true },
      },
      buzzer: false,
    });
    should(second?.seq).equal(2);
  });

  it('shows a change at once', async () => {
    await apply(example('signal-tower.1'));
    taken('telemetry/tower/state');
    await apply({ lamps: { fault: { colour: 'red', mode: 'steady' } } });
    should(taken('telemetry/tower/state')[0]).match({ revision: 2, lamps: { fault: { lit: true } } });
    should(taken('meta/tower/state').at(-1)).match({ revision: 2 });
  });
});

describe('a simulated client of another type', () => {
  beforeEach(() => make(genericClient));
  afterEach(() => machine.stop());

  it('shows the hash of the configuration it runs', async () => {
    await apply({ anything: 1 });
    should(taken('telemetry/client/configuration')[0]).match({
      hash: hashSettings({ anything: 1 }),
      revision: 1,
    });
  });
});
