import should from 'should';
import { connectMqtt } from '../../lib/mqtt/connection';
import type { MqttLink } from '../../lib/mqtt/link';
import { delay, startMosquitto, type TestBroker, until } from '../support/mosquitto';
import { NodeRed } from '../support/node-red';
import { thermal } from '../support/telemetry';

/** What a flow tells of itself at `/seen`. */
interface Seen {
  /** `EQUIPMENT:SEQ` of what was handed over, in that order. */
  readonly valid: readonly string[];
  readonly invalid: number;
  readonly figures: {
    readonly queue: { readonly waiting: number; readonly limit: number };
    readonly total: Readonly<
      Record<'received' | 'valid' | 'invalid' | 'shed' | 'duplicates' | 'lost', number>
    >;
  };
}

const OVENS = 10;
const GROUP = '0123456789abcdef0123456789abcdef';
const BROKER_CONF = ['max_inflight_messages 20000', 'max_queued_messages 100000', 'autosave_interval 1'];

describe('egiz-telemetry-in on a real broker', function () {
  this.timeout(60_000);
  let broker: TestBroker;
  let boards: MqttLink;
  let one: NodeRed;
  let two: NodeRed;
  const sent = new Map<number, number>();

  before(async function () {
    this.timeout(180_000);
    broker = await startMosquitto({ conf: BROKER_CONF, tls: true });
    const env = { GROUP };
    one = await NodeRed.start({ flows: [], env });
    two = await NodeRed.start({ flows: [], env });
  });
  after(async () => {
    await Promise.all([one?.stop(), two?.stop()]);
    await broker?.close();
  });
  beforeEach(async () => {
    sent.clear();
    boards = connectMqtt({ url: broker.url, clientId: 'boards' });
    await until('the boards are connected', () => boards.state.kind === 'connected');
  });
  afterEach(async () => {
    await boards.close();
    await Promise.all([one.deploy([]), two.deploy([])]);
  });

  /** @param work what the flow does with a message, as JavaScript */
  const flow = (name: string, config: object, work = '') => [
    { id: 'tab', type: 'tab', label: name },
    { id: 'authority', type: 'tls-config', ca: broker.pki.caFile, verifyservercert: true },
    {
      id: 'mqtt',
      type: 'egiz-broker',
      url: broker.tlsUrl,
      role: 'service',
      account: 'core',
      instance: name,
      configVersion: 1,
      sessionExpirySeconds: 3_600,
      keepalive: 5,
      maxInFlight: 100,
      tls: 'authority',
    },
    {
      id: `in-${name}`,
      z: 'tab',
      type: 'egiz-telemetry-in',
      broker: 'mqtt',
      ...config,
      wires: [['take'], ['refuse'], ['count']],
    },
    code('take', `flow.set('valid', [...(flow.get('valid') ?? []), KEY]); ${work}`),
    code('refuse', "flow.set('invalid', (flow.get('invalid') ?? 0) + 1);"),
    code('count', "flow.set('figures', msg.payload);"),
    { id: 'ask', z: 'tab', type: 'http in', url: '/seen', method: 'get', wires: [['tell']] },
    {
      ...code(
        'tell',
        "msg.payload = {valid: flow.get('valid') ?? [], invalid: flow.get('invalid') ?? 0, figures: flow.get('figures')}; return msg;",
      ),
      wires: [['answer']],
    },
    { id: 'answer', z: 'tab', type: 'http response', wires: [] },
  ];
  const code = (id: string, func: string) => ({
    id,
    z: 'tab',
    type: 'function',
    outputs: 1,
    func: func.replace('KEY', "msg.sensor.equipmentId + ':' + msg.payload.metadata.seq"),
    wires: [[]],
  });

  const seen = async (nodeRed: NodeRed) => (await (await fetch(`${nodeRed.url}/seen`)).json()) as Seen;

  /** Each oven in turn. */
  const publish = async (count: number) => {
    const published: Promise<unknown>[] = [];
    for (let n = 0; n < count; n += 1) {
      const oven = n % OVENS;
      const seq = (sent.get(oven) ?? 0) + 1;
      sent.set(oven, seq);
      const payload = { ...thermal(seq), thing_id: `factory:oven-${oven}` };
      const topic = `openegiz/factory-a/oven/oven-${oven}/thermal/telemetry`;
      published.push(
        boards.publish({ topic, payload: JSON.stringify(payload), qos: 1 }, { timeoutMs: 30_000 }),
      );
    }
    await Promise.all(published);
  };
  const allSent = () =>
    [...sent]
      .flatMap(([oven, last]) => Array.from({ length: last }, (_, n) => `oven-${oven}:${n + 1}`))
      .sort();
  const listening = (name: string) =>
    until(
      `${name} has subscribed`,
      () => new RegExp(`core-stream-${name}-in-${name} 1 `).test(broker.log()),
      10_000,
    );

  const eventually = async (what: string, holds: () => Promise<boolean>) => {
    for (const end = Date.now() + 30_000; !(await holds()); await delay(100)) {
      if (Date.now() > end) throw new Error(`in vain waited for: ${what}`);
    }
  };

  it('lets two instances share the messages, each of which one of them gets', async () => {
    const shared = (name: string) => flow(name, { shared: true, topic: 'openegiz/+/+/+/+/telemetry' });
    await one.deploy(withGroup(shared('left')));
    await two.deploy(withGroup(shared('right')));
    await Promise.all([listening('left'), listening('right')]);
    await publish(1_000);
    const both = async () => (await Promise.all([seen(one), seen(two)])).map(({ valid }) => valid);
    await eventually('all have come', async () => (await both()).flat().length >= 1_000);
    const [left = [], right = []] = await both();
    should([...left, ...right].sort()).eql(allSent());
    should(left.length).be.above(100);
    should(right.length).be.above(100);
    await eventually('the figures', async () => (await seen(one)).figures?.total.received === left.length);
    should((await seen(one)).figures.total.lost).equal(0);
  });

  it('loses nothing when the broker restarts, and hands nothing over twice', async () => {
    await one.deploy(flow('restart', { policy: 'refuse' }));
    await listening('restart');
    await publish(500);
    await broker.stop();
    await broker.start();
    await until('the boards are back', () => boards.state.kind === 'connected', 20_000);
    await publish(500);
    await eventually('all have come', async () => (await seen(one)).valid.length >= 1_000);
    should([...(await seen(one)).valid].sort()).eql(allSent());
    await delay(1_100);
    should((await seen(one)).figures.total).match({ valid: 1_000, lost: 0, shed: 0 });
  });

  it('gets what came while it was deployed anew', async () => {
    await one.deploy(flow('deploy', {}));
    await listening('deploy');
    await publish(200);
    await eventually('the first have come', async () => (await seen(one)).valid.length === 200);
    const deployed = one.deploy(flow('deploy', {}, '/* changed */'));
    await publish(200);
    await deployed;
    await eventually('the rest has come', async () => (await seen(one)).valid.length >= 400);
    should([...new Set((await seen(one)).valid)].sort()).eql(allSent());
  });

  /** A flow that can take about 500 messages a second, and 3,000 at once. */
  const slow = async (policy: string) => {
    const work = 'const end = Date.now() + 2; while (Date.now() < end);';
    await one.deploy(flow(policy, { policy, queueLimit: 400 }, work));
    await listening(policy);
    await publish(3_000);
    await eventually('all is dealt with', async () => {
      const { total, queue } = (await seen(one)).figures ?? { total: {}, queue: {} };
      return total.received === 3_000 && queue.waiting === 0;
    });
    return seen(one);
  };

  it('sample: hands a part of all devices to a slow flow, and counts what it shed', async () => {
    const { valid, figures } = await slow('sample');
    should(figures.total.shed).be.above(0);
    should(figures.total).match({ valid: 3_000 - figures.total.shed, lost: 0, invalid: 0 });
    should(valid).have.length(figures.total.valid);
    for (let oven = 0; oven < OVENS; oven += 1)
      should(valid.some((key) => key.startsWith(`oven-${oven}:`))).be.true();
  });

  it('latest: hands the newest of each device to a slow flow', async () => {
    const { valid, figures } = await slow('latest');
    should(figures.total.shed).be.above(0);
    should(figures.total).match({ valid: 3_000 - figures.total.shed, lost: 0 });
    for (const [oven, last] of sent) should(valid).containEql(`oven-${oven}:${last}`);
  });

  it('refuse: hands everything to a slow flow, as the broker keeps it meanwhile', async () => {
    const { valid, figures } = await slow('refuse');
    should(figures.total).match({ valid: 3_000, shed: 0, lost: 0 });
    should([...valid].sort()).eql(allSent());
  });
});

/** A credential that names a variable of the environment, as a flow under version control holds it. */
function withGroup(flows: readonly { id: string }[]): object[] {
  return flows.map((node) =>
    node.id.startsWith('in-') ? { ...node, credentials: { group: `\${GROUP}` } } : node,
  );
}
