import helper from 'node-red-node-test-helper';
import should from 'should';
import { EgizError } from '../../lib/errors/egiz-error';
import { registry } from '../../lib/metrics/registry';
import { migrations } from '../../nodes/egiz-broker-health/migrations';
import { migrate } from '../../nodes/shell/migrate';
import { fake, fakeBrokerNode } from './fake-broker';
import { collect, countDones, type EventCounter, nodeOf, runFlow, statusOf } from './flow';
import { eventually } from './service-flow';

import healthNode = require('../../nodes/egiz-broker-health/egiz-broker-health');

type Message = Record<string, unknown>;

const place = { z: 'flow', x: 100, y: 100 };
const payloads = (messages: readonly Message[] | undefined) =>
  (messages ?? []).map(({ payload }) => payload as Message);

describe('egiz-broker-health', () => {
  let outputs: Message[][] = [];

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

  async function load(config: Message = {}): Promise<void> {
    await helper.load([fakeBrokerNode, healthNode], [
      { id: 'flow', type: 'tab' },
      { id: 'broker-1', type: 'egiz-broker', name: 'plant' },
      {
        id: 'tested',
        type: 'egiz-broker-health',
        ...place,
        broker: 'broker-1',
        interval: 0.2,
        wires: [['out0'], ['out1'], ['out2']],
        ...config,
      },
      ...['out0', 'out1', 'out2'].map((id) => ({ id, ...place, type: 'helper' })),
    ] as never);
    outputs = ['out0', 'out1', 'out2'].map((id) => collect(nodeOf(id)));
  }
  async function listen(config: Message = {}): Promise<void> {
    await load(config);
    await eventually('listening', () => fake.link.handlers.has('$SYS/#'));
  }
  const say = (path: string, value: string | number) =>
    fake.link.deliver(`$SYS/broker/${path}`, String(value));
  const shows = (text: string) => eventually(text, () => statusOf(nodeOf('tested')).at(-1)?.text === text);
  const alerts = () => payloads(outputs[1]).map(({ code, state }) => `${state} ${code}`);

  it('tells metrics each interval, and what a dashboard shows', async () => {
    await listen({ guard: false });
    await say('uptime', '100 seconds');
    await say('clients/connected', 3);
    await shows('status.ok');
    await eventually('told', () => payloads(outputs[0]).at(-1)?.up === true);
    should(fake.log).eql(['listens for health']);
    should(outputs[0]?.at(-1)).match({
      topic: 'plant',
      payload: { broker: 'plant', figures: { uptimeSeconds: 100, clientsConnected: 3, dropped: null } },
    });
    should(payloads(outputs[2]).at(-1)).match({
      broker: 'plant',
      state: 'ok',
      clients: 3,
      uptime: '1 min 40 s',
    });
    should(outputs[1]).be.empty();
  });

  it('tells an alert when it is raised, and when it is cleared', async () => {
    await listen({ guard: false, queue: 10 });
    await say('uptime', '100 seconds');
    await say('retained messages/count', 5);
    await say('store/messages/count', 16);
    await eventually('raised', () => alerts().includes('raised QUEUE_HIGH'));
    should(outputs[1]?.[0]).match({
      topic: 'QUEUE_HIGH',
      payload: { broker: 'plant', severity: 'warning', value: 11, threshold: 10 },
    });
    await shows('QUEUE_HIGH');
    await say('store/messages/count', 6);
    await eventually('cleared', () => alerts().includes('cleared QUEUE_HIGH'));
    await shows('status.ok');
  });

  it('takes silence for an alert', async () => {
    await listen({ silentAfter: 0.5 });
    await eventually('raised', () => alerts().includes('raised SYS_MISSING'));
    await shows('SYS_MISSING');
  });

  it('takes a refused subscription, and a broker that is away, for alerts', async () => {
    fake.refusal = new EgizError('MQTT_SUBSCRIBE_REFUSED', 'not authorized');
    await load({ unreachableAfter: 0 });
    await eventually('refused', () => alerts().includes('raised SYS_REFUSED'));
    fake.link.become({ kind: 'disconnected', reason: 'the line is cut', code: 'GONE' });
    await eventually('unreachable', () => alerts().includes('raised BROKER_UNREACHABLE'));
    const unreachable = payloads(outputs[1]).find(({ code }) => code === 'BROKER_UNREACHABLE');
    should(unreachable?.message).match(/the line is cut/);
    await shows('BROKER_UNREACHABLE');
  });

  it('answers any message at once', async () => {
    await listen({ interval: 3_600 });
    const node = nodeOf('tested') as ReturnType<typeof nodeOf> & EventCounter;
    const dones = countDones(node);
    node.receive({ topic: 'page', _client: { socketId: 'x' } } as never);
    await eventually('answered', () => outputs[2]?.some(({ topic }) => topic === 'page') === true);
    should(outputs[0]?.[0]).match({
      topic: 'page',
      _client: { socketId: 'x' },
      payload: { broker: 'plant' },
    });
    should(dones).eql([undefined]);
  });

  it('counts for Prometheus while it is there', async () => {
    await listen({ name: 'north' });
    await say('uptime', '100 seconds');
    should(await registry.metrics()).match(/^egiz_broker_uptime_seconds\{broker="north"\} 100$/m);
    const { link } = fake;
    await helper.unload();
    should(link.state.kind).equal('closed');
    should(await registry.metrics()).not.match(/broker="north"/);
  });

  it('refuses a configuration that cannot be meant, and one without a broker', async () => {
    const wrong: [Message, RegExp][] = [
      [{ queue: 1.5 }, /limit of waiting messages must be an integer/],
      [{ lostPercent: 101 }, /share of lost clients must be a number from 0 to 100/],
      [{ interval: '' }, /time between two metrics messages/],
      [{ broker: 'nowhere' }, /No broker is chosen/],
    ];
    for (const [config, why] of wrong) {
      const { dones, status } = await runFlow(healthNode, { type: 'egiz-broker-health', ...config }, 3, [
        { payload: '' },
      ]);
      should(dones).match([{ code: 'CONFIG_INVALID', message: why }]);
      should(status.at(-1)).match({ fill: 'red', text: 'status.misconfigured' });
      await helper.unload();
    }
  });

  it('gives every setting a default', () => {
    should(migrate({}, migrations)).eql({
      broker: '',
      interval: 10,
      silentAfter: 35,
      unreachableAfter: 5,
      queue: 10_000,
      lostPercent: 10,
      lostMinimum: 5,
      loginFailures: 10,
      hold: 300,
      guard: true,
      configVersion: 1,
    });
  });
});
