import helper from 'node-red-node-test-helper';
import should from 'should';
import { EgizError } from '../../lib/errors/egiz-error';
import { migrations } from '../../nodes/egiz-telemetry-in/migrations';
import { migrate } from '../../nodes/shell/migrate';
import { THERMAL_TOPIC, thermal } from '../support/telemetry';
import { type FakeStream, fake, fakeBrokerNode } from './fake-broker';
import { collect, countDones, type EventCounter, nodeOf, statusOf } from './flow';
import { eventually } from './service-flow';

import telemetryNode = require('../../nodes/egiz-telemetry-in/egiz-telemetry-in');

type Message = Record<string, unknown>;
interface Figures {
  readonly received: number;
  readonly valid: number;
  readonly invalid: number;
  readonly shed: number;
  readonly total: { readonly received: number };
}

const SECRET = '0123456789abcdef0123456789abcdef';

describe('egiz-telemetry-in', function () {
  this.timeout(10_000);
  let valid: Message[];
  let invalid: Message[];
  let statistics: Message[];
  let caught: Message[];

  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(done);
  });
  afterEach(async () => {
    fake.refusal = undefined;
    await helper.unload();
  });

  const load = async (config: Message = {}, credentials: Record<string, string> = {}) => {
    const tested = { id: 'tested', z: 'flow', type: 'egiz-telemetry-in', broker: 'broker-1', ...config };
    const wires = [['valid'], ['invalid'], ['statistics']];
    const ends = wires.flat().map((id) => ({ id, z: 'flow', type: 'helper' }));
    await helper.load(
      [fakeBrokerNode, telemetryNode],
      [
        { id: 'flow', type: 'tab' },
        { id: 'broker-1', type: 'egiz-broker' },
        { ...tested, x: 1, y: 1, wires },
        ...ends,
        { id: 'catcher', z: 'flow', type: 'catch', scope: null, wires: [['caught']] },
        { id: 'caught', z: 'flow', type: 'helper' },
      ] as never,
      { tested: credentials },
    );
    [valid, invalid, statistics, caught] = ['valid', 'invalid', 'statistics', 'caught'].map((id) =>
      collect(nodeOf(id)),
    ) as [Message[], Message[], Message[], Message[]];
  };
  const stream = (): FakeStream => {
    const [first] = fake.streams;
    if (first === undefined) throw new Error('the node has opened no stream');
    return first;
  };
  const shows = (text: string) => eventually(text, () => statusOf(nodeOf('tested')).at(-1)?.text === text);
  const sum = (what: keyof Omit<Figures, 'total'>) =>
    statistics.reduce((total, { payload }) => total + (payload as Figures)[what], 0);

  it('subscribes to the telemetry of all boards, on a connection of its own', async () => {
    await load();
    should([...stream().handlers.keys()]).eql(['openegiz/+/+/+/+/telemetry']);
    should(stream().options).match({ name: 'tested', receiveMaximum: 65_535 });
    should(stream().options).not.have.property('sessionExpirySeconds');
    should(fake.link.handlers.size).equal(0);
    await shows('status.listening');
  });

  it('hands a valid message over and acknowledges it', async () => {
    await load();
    const reading = thermal(1);
    await stream().arrive(THERMAL_TOPIC, reading);
    await eventually('it is there', () => valid.length === 1);
    should(valid[0]).match({
      topic: THERMAL_TOPIC,
      payload: reading,
      sensor: {
        factoryId: 'factory-a',
        equipmentType: 'oven',
        equipmentId: 'oven-001',
        sensorType: 'thermal',
      },
    });
    should(valid[0]).have.property('_msgid');
  });

  it('hands an invalid one to output 2 with the reasons', async () => {
    await load();
    await stream().arrive(THERMAL_TOPIC, { ...thermal(1), sensor_type: 'electrical' });
    await stream().arrive(THERMAL_TOPIC, 'nothing');
    await eventually('both are there', () => invalid.length === 2);
    should(invalid[0]).match({ topic: THERMAL_TOPIC, errors: [{ pointer: '/sensor_type', rule: 'const' }] });
    should(invalid[1]).match({ errors: [{ pointer: '', rule: 'JSON_SYNTAX' }] });
    should(String(invalid[1]?.payload)).equal('nothing');
    should(valid).be.empty();
  });

  it('hands over batches by size and by time', async () => {
    await load({ output: 'batch', batchSize: 3, batchMs: 100 });
    for (let seq = 1; seq <= 4; seq += 1) void stream().arrive(THERMAL_TOPIC, thermal(seq));
    void stream().arrive(THERMAL_TOPIC, 'nothing');
    await eventually('the batches', () => valid.length === 2);
    should(valid.map(({ count }) => count)).eql([3, 1]);
    should(valid[0]).match({
      topic: 'openegiz/+/+/+/+/telemetry',
      payload: [{ topic: THERMAL_TOPIC, sensor: { equipmentId: 'oven-001' } }, {}, {}],
    });
    should(invalid).have.length(1);
  });

  it('tells each second what came, and the latency', async () => {
    await load();
    for (const seq of [1, 2, 2]) void stream().arrive(THERMAL_TOPIC, thermal(seq));
    void stream().arrive(THERMAL_TOPIC, 'nothing');
    await eventually('the figures', () => statistics.length > 0);
    should(statistics[0]).match({
      topic: 'telemetry/statistics',
      payload: {
        received: 4,
        valid: 2,
        invalid: 1,
        duplicates: 1,
        shed: 0,
        lost: 0,
        devices: 1,
        queue: { waiting: 0, limit: 5_000 },
        bySensorType: { thermal: { received: 4 }, electrical: { received: 0 } },
        latencyMs: { p99: (ms: number) => ms < 5_000 },
      },
    });
    await eventually('the next', () => statistics.length > 1);
    should(statistics[1]).match({ payload: { received: 0, latencyMs: null, total: { received: 4 } } });
  });

  it('with confirmation hands over no more than the flow has done with', async () => {
    await load({ confirm: true, output: 'batch', batchSize: 1, batchMs: 100 });
    const dones = countDones(nodeOf('tested') as unknown as EventCounter);
    const acknowledged: number[] = [];
    for (let seq = 1; seq <= 4; seq += 1)
      void stream()
        .arrive(THERMAL_TOPIC, thermal(seq))
        .then(() => acknowledged.push(seq));
    await eventually('two are under way', () => valid.length === 2);
    should(acknowledged).be.empty();
    nodeOf('tested').receive({ payload: 'done' } as never);
    await eventually('the next one', () => valid.length === 3);
    should(acknowledged).eql([1]);
    should(dones).eql([undefined]);
  });

  it('says so when it is told of a confirmation that it does not wait for', async () => {
    await load();
    nodeOf('tested').receive({ payload: 'done' } as never);
    await eventually('the error', () => caught.length === 1);
    should(caught[0]?.error).match({ code: 'CONFIRMATION_UNEXPECTED' });
  });

  for (const policy of ['sample', 'latest'] as const) {
    it(`sheds when the flow is too slow, by the policy ${policy}, and counts it`, async () => {
      await load({ policy, queueLimit: 20, confirm: true });
      let acknowledged = 0;
      for (let seq = 1; seq <= 500; seq += 1)
        void stream()
          .arrive(THERMAL_TOPIC, thermal(seq))
          .then(() => {
            acknowledged += 1;
          });
      await eventually('the figures', () => sum('received') === 500);
      const waiting = sum('received') - sum('valid') - sum('shed');
      should(statistics.at(-1)).match({ payload: { queue: { waiting } } });
      should(waiting).be.belowOrEqual(20);
      should(acknowledged).equal(sum('shed'));
      await shows('status.slow');
    });
  }

  it('takes no more than it has room for by the policy refuse', async () => {
    await load({ policy: 'refuse', queueLimit: 150, confirm: true });
    should(stream().options.receiveMaximum).equal(150);
    for (let seq = 1; seq <= 300; seq += 1) void stream().arrive(THERMAL_TOPIC, thermal(seq));
    should(stream().options.stream.hasRoom()).be.false();
    await eventually('a hundred are under way', () => valid.length === 100);
    await shows('status.slow');
    should(sum('shed')).equal(0);
    for (let n = 0; n < 100; n += 1) nodeOf('tested').receive({} as never);
    await eventually('there is room again', () => stream().options.stream.hasRoom());
  });

  it('takes its share of a group whose name holds the secret', async () => {
    await load({ shared: true }, { group: SECRET });
    should([...stream().handlers.keys()]).eql([`$share/telemetry-${SECRET}/openegiz/+/+/+/+/telemetry`]);
    should(stream().options.sessionExpirySeconds).equal(60);
  });

  it('shows a refused subscription, tells Catch nodes, and asks again at the next connection', async () => {
    fake.refusal = new EgizError('MQTT_SUBSCRIBE_REFUSED', 'not allowed', { topic: 'x' });
    await load();
    await eventually('the error', () => caught.length === 1);
    should(caught[0]?.error).match({ code: 'MQTT_SUBSCRIBE_REFUSED' });
    await shows('status.refused');
    fake.refusal = undefined;
    stream().become({ kind: 'disconnected', code: 'X', reason: 'gone' });
    await shows('gone');
    stream().become({ kind: 'connected', sessionPresent: true });
    await shows('status.listening');
  });

  it('leaves the subscription to its successor, and what it has not handed over to the broker', async () => {
    await load({ output: 'batch', batchSize: 10, batchMs: 60_000 });
    let acknowledged = false;
    void stream()
      .arrive(THERMAL_TOPIC, thermal(1))
      .then(() => {
        acknowledged = true;
      });
    const { streams } = fake;
    await helper.unload();
    should(streams[0]?.state.kind).equal('closed');
    should(streams[0]?.unsubscribed).be.empty();
    should(acknowledged).be.false();
  });

  it('gives the subscription up when it is removed', async () => {
    await load();
    const { streams } = fake;
    await helper.setFlows([
      { id: 'flow', type: 'tab' },
      { id: 'broker-1', type: 'egiz-broker' },
    ] as never);
    await eventually('it is closed', () => streams[0]?.state.kind === 'closed');
    should(streams[0]?.unsubscribed).eql(['openegiz/+/+/+/+/telemetry']);
  });

  const misconfigured: readonly (readonly [what: string, config: Message, words: RegExp])[] = [
    ['no broker', { broker: '' }, /No broker is chosen/],
    ['a filter of other topics', { topic: 'openegiz/#' }, /no filter of telemetry topics/],
    ['a filter that is none', { topic: 'a#/telemetry' }, /no filter of telemetry topics/],
    ['a group without a secret', { shared: true }, /no secret/],
    ['a policy that there is not', { policy: 'hope' }, /"hope" is not known/],
    ['a queue without end', { queueLimit: 1e9 }, /queue limit must be a whole number from 10 to 60000/],
    ['a batch larger than the queue', { output: 'batch', batchSize: 50, queueLimit: 60 }, /does not gather/],
  ];
  for (const [what, config, words] of misconfigured) {
    it(`refuses ${what}`, async () => {
      await load(config);
      should(statusOf(nodeOf('tested')).at(-1)).match({ fill: 'red', text: 'status.misconfigured' });
      nodeOf('tested').receive({} as never);
      await eventually('the error', () => caught.length > 0);
      should(caught.at(-1)?.error).match({ code: 'CONFIG_INVALID', message: words });
    });
  }

  it('brings a configuration without a version to version 1', () => {
    should(migrate({ broker: 'b' }, migrations)).eql({
      broker: 'b',
      topic: 'openegiz/+/+/+/+/telemetry',
      shared: false,
      output: 'single',
      batchSize: 500,
      batchMs: 1_000,
      policy: 'sample',
      queueLimit: 5_000,
      confirm: false,
      configVersion: 1,
    });
  });
});
