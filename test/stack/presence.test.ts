import { type ChildProcess, spawn } from 'node:child_process';
import helper from 'node-red-node-test-helper';
import should from 'should';
import { connectMqtt } from '../../lib/mqtt/connection';
import type { MqttLink } from '../../lib/mqtt/link';
import { startMosquitto, type TestBroker, until } from '../support/mosquitto';
import { WatchingFlow } from '../support/watching-flow';

const OVEN = 'openegiz/factory-a/oven/oven-001';
const KEEPALIVE_SECONDS = 5;
/** FR-1.6 and the acceptance of the PRD: seen to be offline within 30 s. */
const OFFLINE_WITHIN_MS = 30_000;

const status = (device: string, state: string, at = new Date()) =>
  JSON.stringify({ device_id: device, status: state, timestamp: at.toISOString() });

describe('the presence of boards on a real broker', function () {
  this.timeout(60_000);
  let broker: TestBroker;
  let flow: WatchingFlow;
  let link: MqttLink;
  const boards: ChildProcess[] = [];

  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(done);
  });
  beforeEach(async () => {
    broker = await startMosquitto();
    flow = new WatchingFlow();
    link = connectMqtt({ url: broker.url, clientId: 'test' });
    await until('connected', () => link.state.kind === 'connected');
  });
  afterEach(async () => {
    for (const board of boards.splice(0)) board.kill('SIGKILL');
    await link.close();
    await helper.unload();
    await broker.close();
  });

  const load = async (config: Record<string, unknown> = {}) => {
    await flow.load({ url: broker.url, account: 'egizcore' }, 'egiz-presence', config);
    await until('listening', () => flow.shown === 'status.listening' || /\d \/ \d/.test(flow.shown ?? ''));
  };
  const publish = (topic: string, payload: string, retain = false) =>
    link.publish({ topic, payload, qos: 1, retain });
  const told = (device: string, state: string) =>
    flow.at(0).some((payload) => payload.device === device && payload.state === state);

  /** A board in a process of its own, with a will that is kept as the firmware's is. */
  const startBoard = async (device: string): Promise<ChildProcess> => {
    const topic = `${OVEN}/thermal/status`;
    const { port } = new URL(broker.url);
    const will = [
      '--will-topic',
      topic,
      '--will-payload',
      status(device, 'offline'),
      '--will-qos',
      '1',
      '--will-retain',
    ];
    const args = [
      '-V',
      '5',
      '-p',
      port,
      '-i',
      device,
      '-k',
      String(KEEPALIVE_SECONDS),
      '-t',
      'nothing',
      ...will,
    ];
    const board = spawn('/usr/bin/mosquitto_sub', args, { stdio: 'ignore' });
    boards.push(board);
    await until(`${device} is connected`, () => broker.log().includes(`as ${device} `));
    await publish(topic, status(device, 'online'), true);
    return board;
  };

  it('tells that a board whose process is killed is offline', async () => {
    await load();
    const board = await startBoard('board-1');
    await until('online', () => told('board-1', 'online'));
    board.kill('SIGKILL');
    await until('offline', () => told('board-1', 'offline'));
    should(flow.at(0).at(-1)).match({ from: 'online', reason: 'will', equipmentId: 'oven-001' });
  });

  it('tells within 30 s that one is offline whose network is gone', async () => {
    await load();
    const board = await startBoard('board-1');
    await until('online', () => told('board-1', 'online'));
    board.kill('SIGSTOP');
    await until('offline', () => told('board-1', 'offline'), OFFLINE_WITHIN_MS);
  });

  it('judges what the broker had kept by its age, and takes a heartbeat that is kept for a live one', async () => {
    const topic = (name: string) => `openegiz/factory-a/oven/${name}/thermal/status`;
    await publish(topic('a'), status('fresh', 'online'), true);
    await publish(topic('b'), status('old', 'online', new Date(Date.now() - 3_600_000)), true);
    await publish(topic('c'), status('gone', 'offline', new Date(Date.now() - 3_600_000)), true);
    await load();
    await until('all three', () => flow.at(0).length === 3);
    const states = flow.at(0).map(({ device, state, reason }) => `${device} ${state} (${reason})`);
    should(states.sort()).eql(['fresh online (snapshot)', 'gone offline (snapshot)', 'old stale (snapshot)']);
    // A clock that is far behind does not matter for what comes now.
    await publish(topic('b'), status('old', 'online', new Date(Date.now() - 3_000_000)), true);
    await until('heard', () => told('old', 'online'));
  });

  it('takes telemetry for a sign of life when it is told to', async () => {
    await load({ telemetry: true, staleAfter: 1 });
    await publish(`${OVEN}/thermal/status`, status('board-1', 'online'));
    for (let count = 0; count < 8; count++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      await publish(`${OVEN}/thermal/telemetry`, JSON.stringify({ device_id: 'board-1' }));
    }
    should(flow.at(0)).have.length(1);
    await until('stale', () => told('board-1', 'stale'));
  });

  it('makes nobody stale because the broker is away, and learns afterwards who has gone meanwhile', async () => {
    await load({ staleAfter: 1 });
    await publish(`${OVEN}/thermal/status`, status('board-1', 'online'));
    await until('online', () => told('board-1', 'online'));
    await broker.kill();
    await until('shown', () => flow.shown?.includes('127.0.0.1') === true);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    should(told('board-1', 'stale')).be.false();
    await broker.start();
    await until('stale', () => told('board-1', 'stale'), 20_000);
  });
});
