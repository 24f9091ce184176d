import type { Node } from 'node-red';
import helper from 'node-red-node-test-helper';
import should from 'should';
import { EgizError } from '../../lib/errors/egiz-error';
import { registry } from '../../lib/metrics/registry';
import { migrations } from '../../nodes/egiz-presence/migrations';
import { migrate } from '../../nodes/shell/migrate';
import { fake, fakeBrokerNode } from './fake-broker';
import { collect, countDones, type EventCounter, nodeOf, runFlow, statusOf } from './flow';
import { eventually } from './service-flow';

import presenceNode = require('../../nodes/egiz-presence/egiz-presence');

type Message = Record<string, unknown>;

const OVEN = 'openegiz/factory-a/oven/oven-001';
const STATUS_TOPIC = `${OVEN}/thermal/status`;
const status = (state: string, deviceId = 'board-1'): Message => ({
  device_id: deviceId,
  status: state,
  timestamp: new Date().toISOString(),
});
const node = { type: 'egiz-presence' };
const payloads = (messages: readonly Message[] | undefined) =>
  (messages ?? []).map(({ payload }) => payload as Message);

describe('egiz-presence', () => {
  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(done);
  });
  afterEach(async () => {
    fake.refusal = undefined;
    fake.misconfigured = undefined;
    await helper.unload();
  });

  describe('takes messages at its input', () => {
    it('and tells changes at output 1, with the account as the topic', async () => {
      const { outputs, dones } = await runFlow(presenceNode, node, 3, [
        { topic: STATUS_TOPIC, payload: status('online') },
        { topic: STATUS_TOPIC, payload: JSON.stringify(status('online')) },
        { topic: `${OVEN}/command`, payload: '{}' },
        { topic: `${OVEN}/status`, payload: Buffer.from(JSON.stringify(status('offline'))) },
      ]);
      should(dones).eql([undefined, undefined, undefined, undefined]);
      should(outputs[0]?.map(({ topic }) => topic)).eql(['board-1', 'board-1']);
      should(payloads(outputs[0])).match([
        { device: 'board-1', state: 'online', from: null, sensorType: 'thermal', factoryId: 'factory-a' },
        { device: 'board-1', state: 'offline', from: 'online', reason: 'will', flapping: false },
      ]);
      should([...(outputs[1] ?? []), ...(outputs[2] ?? [])]).be.empty();
    });

    it('one by one or in batches', async () => {
      const batch = [1, 2, 3].map((number) => ({
        topic: `${OVEN}/thermal/telemetry`,
        payload: { device_id: `board-${number}` },
      }));
      const { outputs } = await runFlow(presenceNode, node, 3, [{ payload: batch }]);
      should(outputs[0]?.map(({ topic }) => topic)).eql(['board-1', 'board-2', 'board-3']);
    });

    it('and hears the others of a batch when one of them cannot be read', async () => {
      const good = { topic: `${OVEN}/thermal/telemetry`, payload: { device_id: 'board-1' } };
      const bad = { topic: `${OVEN}/thermal/telemetry`, payload: {} };
      const { outputs, dones } = await runFlow(presenceNode, node, 3, [{ payload: [bad, good] }]);
      should(outputs[0]?.map(({ topic }) => topic)).eql(['board-1']);
      should(dones).match([{ code: 'INVALID_MESSAGE' }]);
    });

    it('and hands what is none to Catch nodes, with the mend', async () => {
      const { dones, outputs } = await runFlow(presenceNode, node, 3, [
        { topic: 'somewhere/else', payload: '{}' },
        { topic: STATUS_TOPIC, payload: 'nonsense' },
        { topic: `${OVEN}/thermal/telemetry`, payload: '{}' },
        { payload: 'without a topic' },
        { payload: [7] },
      ]);
      should(dones.map((fault) => (fault as EgizError).code)).eql([
        'INVALID_TOPIC',
        ...Array.from({ length: 4 }, () => 'INVALID_MESSAGE'),
      ]);
      should(dones).matchEach((fault: EgizError) => should(fault.cause.mend).be.a.String());
      should(outputs.flat()).be.empty();
    });

    it('answers questions at output 3, and forgets a device when told to', async () => {
      const { outputs, dones } = await runFlow(presenceNode, node, 3, [
        { topic: STATUS_TOPIC, payload: status('online') },
        { topic: STATUS_TOPIC, payload: status('offline', 'board-2') },
        { read: 'summary', topic: 'kept' },
        { read: 'devices', payload: { state: 'offline' } },
        { forget: 'board-2' },
        { read: 'summary' },
        { read: 'nonsense' },
      ]);
      should(outputs[2]?.[0]).match({ topic: 'kept', read: 'summary' });
      should(payloads(outputs[2])).match([
        { online: 1, stale: 0, offline: 1, total: 2, flapping: 0, listening: true },
        { items: [{ device: 'board-2', state: 'offline' }], next: null },
        { forgotten: 1 },
        { online: 1, total: 1 },
      ]);
      should(payloads(outputs[0]).at(-1)).match({ device: 'board-2', state: 'forgotten', from: 'offline' });
      should(dones.at(-1)).match({ code: 'INVALID_REQUEST' });
    });

    it('tells flapping at output 2', async () => {
      const turns = Array.from({ length: 4 }, (_, turn) => status(turn % 2 === 0 ? 'online' : 'offline'));
      const { outputs } = await runFlow(
        presenceNode,
        { ...node, flapChanges: 3 },
        3,
        turns.map((payload) => ({ topic: STATUS_TOPIC, payload })),
      );
      should(outputs[0]).have.length(4);
      should(payloads(outputs[1])).match([{ device: 'board-1', flapping: true }]);
    });
  });

  it('tells that a board is stale by itself, and shows it', async () => {
    const { outputs } = await runFlow(presenceNode, { ...node, staleAfter: 0.5 }, 3, [
      { topic: STATUS_TOPIC, payload: status('online') },
    ]);
    await eventually('stale', () => payloads(outputs[0]).some(({ state }) => state === 'stale'));
    should(payloads(outputs[0])[1]).match({ state: 'stale', from: 'online', reason: 'silence' });
    await eventually('shown', () => statusOf(nodeOf('tested')).at(-1)?.text === '0 / 1');
  });

  it('counts for Prometheus', async () => {
    await runFlow(presenceNode, node, 3, [
      { topic: STATUS_TOPIC, payload: status('online') },
      { topic: STATUS_TOPIC, payload: status('offline', 'board-2') },
    ]);
    const lines = (await registry.metrics()).split('\n');
    should(lines).containDeep([
      'egiz_presence_devices{state="online"} 1',
      'egiz_presence_devices{state="stale"} 0',
      'egiz_presence_devices{state="offline"} 1',
      'egiz_presence_flapping_devices 0',
    ]);
    should(lines.find((line) => line.startsWith('egiz_presence_changes_total{to="offline"}'))).be.ok();
  });

  it('refuses a configuration that cannot be meant, and says so to every message', async () => {
    const { dones, status: shown } = await runFlow(presenceNode, { ...node, staleAfter: 'soon' }, 3, [
      { topic: STATUS_TOPIC, payload: status('online') },
    ]);
    should(dones).match([{ code: 'CONFIG_INVALID' }]);
    should(shown.at(-1)).match({ fill: 'red', text: 'status.misconfigured' });
  });

  it('gives every setting a default', () => {
    should(migrate({}, migrations)).eql({
      broker: '',
      devices: 'boards',
      telemetry: false,
      staleAfter: 150,
      flapChanges: 6,
      flapWindow: 600,
      forgetAfter: 7,
      contextStore: '',
      configVersion: 1,
    });
  });

  describe('with a broker', () => {
    let outputs: Message[][] = [];
    let caught: Message[] = [];

    const place = { z: 'flow', x: 100, y: 100 };
    const flow = (config: Message = {}) => [
      { id: 'flow', type: 'tab' },
      { id: 'broker-1', type: 'egiz-broker' },
      {
        id: 'tested',
        ...node,
        ...place,
        broker: 'broker-1',
        wires: [['out0'], ['out1'], ['out2']],
        ...config,
      },
      ...['out0', 'out1', 'out2', 'caught'].map((id) => ({ id, ...place, type: 'helper' })),
      { id: 'catcher', ...place, type: 'catch', scope: null, wires: [['caught']] },
    ];
    const listenAgain = () => {
      outputs = ['out0', 'out1', 'out2'].map((id) => collect(nodeOf(id)));
      caught = collect(nodeOf('caught'));
    };
    const load = async (config: Message = {}) => {
      await helper.load([fakeBrokerNode, presenceNode], flow(config));
      listenAgain();
    };
    const shows = (text: string) => eventually(text, () => statusOf(nodeOf('tested')).at(-1)?.text === text);

    it('subscribes to what it was told to, on a connection of its own', async () => {
      await load({ devices: 'all', telemetry: true });
      await eventually('listening', () => fake.link.handlers.size === 4);
      should(fake.log).eql(['listens for presence']);
      should([...fake.link.handlers.keys()]).eql([
        'openegiz/+/+/+/+/status',
        'openegiz/+/+/+/status',
        'openegiz/+/+/+/+/telemetry',
        'tenants/+/clients/+/status',
      ]);
      await shows('status.listening');
      await fake.link.deliver(STATUS_TOPIC, status('online'));
      await fake.link.deliver(
        STATUS_TOPIC,
        { ...status('online', 'board-2'), timestamp: '2026-01-29T10:30:00Z' },
        true,
      );
      await eventually('both', () => outputs[0]?.length === 2);
      should(payloads(outputs[0])).match([
        { device: 'board-1', state: 'online' },
        { device: 'board-2', state: 'stale', reason: 'snapshot' },
      ]);
      await shows('1 / 2');
    });

    it('makes nobody stale while the broker is away, and shows why', async () => {
      await load({ staleAfter: 0.5 });
      await shows('status.listening');
      await fake.link.deliver(STATUS_TOPIC, status('online'));
      fake.link.become({ kind: 'disconnected', reason: 'the line is cut', code: 'GONE' });
      await shows('the line is cut');
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      should(payloads(outputs[0])).have.length(1);
      fake.link.become({ kind: 'connected', sessionPresent: false });
      await eventually('stale', () => payloads(outputs[0]).at(-1)?.state === 'stale');
    });

    it('tells a refused subscription once, and that it is refused', async () => {
      fake.refusal = new EgizError('MQTT_SUBSCRIBE_REFUSED', 'The broker refused it', {
        topic: 'openegiz/#',
      });
      await load();
      await shows('status.refused');
      await eventually('told', () => caught.length > 0);
      should(caught).have.length(1);
      should(caught[0]?.error).match({ code: 'MQTT_SUBSCRIBE_REFUSED' });
    });

    it('says so when the connection cannot be made as it is configured', async () => {
      fake.misconfigured = new EgizError('CONFIG_INVALID', 'No such key');
      await load();
      await shows('status.refused');
    });

    it('tells the nonsense of one topic once', async () => {
      await load();
      await shows('status.listening');
      for (let time = 0; time < 3; time++) await fake.link.deliver(STATUS_TOPIC, 'nonsense');
      await eventually('told', () => caught.length > 0);
      should(caught).have.length(1);
    });

    it('goes on after a deploy with what it knew, and lets go of the broker', async () => {
      await load();
      await shows('status.listening');
      await fake.link.deliver(STATUS_TOPIC, status('online'));
      const before = fake.link;
      await helper.setFlows(flow({ name: 'renamed' }) as never, 'nodes');
      listenAgain();
      await eventually('closed', () => before.state.kind === 'closed');
      const tested = nodeOf('tested') as Node & EventCounter;
      const dones = countDones(tested);
      tested.receive({ read: 'summary' } as never);
      await eventually('answered', () => dones.length === 1);
      should(payloads(outputs[2])).match([{ online: 1, total: 1 }]);
      should(outputs[0]).be.empty();
    });
  });
});
