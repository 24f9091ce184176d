import helper from 'node-red-node-test-helper';
import should from 'should';
import type { Ready } from '../../cli/stack/ready';
import { connectMqtt } from '../../lib/mqtt/connection';
import { AccountClients, loginOf } from '../support/account-client';
import { type MosquittoOptions, startMosquitto, type TestBroker, until } from '../support/mosquitto';
import { Homes } from '../support/running-stack';
import { WatchingFlow } from '../support/watching-flow';

/** The broker publishes each second here, so silence is noticed sooner. */
const QUICK = { interval: 0.5, silentAfter: 4, unreachableAfter: 1, hold: 5 };
const WITHIN_MS = 20_000;

describe('the health of a real broker', function () {
  this.timeout(120_000);
  let flow: WatchingFlow;

  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(done);
  });
  beforeEach(() => {
    flow = new WatchingFlow();
  });
  afterEach(() => helper.unload());

  const alerts = () => flow.at(1).map(({ state, code }) => `${state} ${code}`);
  const alert = (state: string, code: string) =>
    until(`${state} ${code}`, () => alerts().includes(`${state} ${code}`), WITHIN_MS);

  describe('a plain Mosquitto', () => {
    let broker: TestBroker;
    afterEach(() => broker.close());

    const watch = async (options: MosquittoOptions, config: Record<string, unknown> = {}) => {
      broker = await startMosquitto({
        accounts: { watch: 'secret', reader: 'secret', board: 'secret' },
        ...options,
      });
      const reach = { url: broker.url, account: 'watch', password: 'secret' };
      await flow.load(reach, 'egiz-broker-health', { ...QUICK, ...config });
    };

    it('is well, told in figures; that it was killed is an alert, and that it is back', async () => {
      await watch({ conf: ['sys_interval 1'] }, { guard: false });
      await until('well', () => flow.at(2).at(-1)?.state === 'ok', WITHIN_MS);
      should(flow.at(0).at(-1)).match({
        broker: 'plant',
        up: true,
        version: /^mosquitto version 2/,
        guard: false,
      });
      const figures = () => flow.at(0).at(-1)?.figures as Record<string, number | null> | undefined;
      await until('itself counted', () => (figures()?.clientsConnected ?? 0) > 0, WITHIN_MS);
      // Two beginnings that are closer together are taken for one.
      await until('up for a while', () => (figures()?.uptimeSeconds ?? 0) > 4, WITHIN_MS);
      should(alerts()).be.empty();
      await broker.kill();
      await alert('raised', 'BROKER_UNREACHABLE');
      should(flow.at(2).at(-1)).match({ state: 'critical', text: /cannot be reached/ });
      await broker.start();
      await alert('cleared', 'BROKER_UNREACHABLE');
      await alert('raised', 'BROKER_RESTARTED');
    });

    it('without $SYS is an alert, not silence', async () => {
      await watch({ conf: ['sys_interval 0'] });
      await alert('raised', 'SYS_MISSING');
    });

    it('that does not let the account read $SYS is one, too, though it grants the subscription', async () => {
      await watch({ conf: ['sys_interval 1'], acl: ['user watch', 'topic read openegiz/#'] });
      await alert('raised', 'SYS_MISSING');
      should(flow.at(1)[0]?.message).match(/role monitoring/);
    });

    it('that has no guard plugin, and one that hangs, are noticed', async () => {
      await watch({ conf: ['sys_interval 1'] });
      await alert('raised', 'GUARD_MISSING');
      broker.pause();
      await alert('raised', 'SYS_STALE');
      broker.resume();
      await alert('cleared', 'SYS_STALE');
    });

    it('whose queue is full loses messages: both are alerts', async () => {
      await watch(
        { conf: ['sys_interval 1', 'max_queued_messages 20', 'max_inflight_messages 1'] },
        { guard: false, queue: 10 },
      );
      await until('well', () => flow.at(2).at(-1)?.state === 'ok', WITHIN_MS);
      const login = (account: string) => ({ credentials: { username: account, password: 'secret' } });
      const session = { clientId: 'reader', cleanStart: false, sessionExpirySeconds: 600 };
      const reader = connectMqtt({ url: broker.url, ...session, ...login('reader') });
      await reader.subscribe('openegiz/#', () => undefined);
      await reader.close();
      const board = connectMqtt({ url: broker.url, clientId: 'board', ...login('board') });
      await until('connected', () => board.state.kind === 'connected');
      const messages = Array.from({ length: 40 }, (_, index) =>
        board.publish({ topic: 'openegiz/a/b/c/thermal/telemetry', payload: String(index), qos: 1 }),
      );
      await Promise.all(messages);
      await board.close();
      await alert('raised', 'QUEUE_HIGH');
      await alert('raised', 'MESSAGES_DROPPED');
      await until('told', () => Number(flow.at(0).at(-1)?.queue) >= 20, WITHIN_MS);
    });
  });

  describe('the broker of a start, with its guard plugin', () => {
    const homes = new Homes();
    let ready: Ready;
    const accounts = new AccountClients(() => ready);

    before(async () => {
      ready = await homes.start(homes.make(), ['--clients', '0', '--boards', 'none']).untilReady(110_000);
    });
    after(() => homes.cleanUp());
    afterEach(() => accounts.end());

    const watchAs = async (account: string) => {
      const login = loginOf(ready, account);
      if (!('certFile' in login)) throw new Error(`${account} has no certificate`);
      const certificate = { ca: ready.mqtt.caFile, cert: login.certFile, key: login.keyFile };
      await flow.load({ url: login.url, account, certificate }, 'egiz-broker-health', QUICK);
    };

    it('tells the counters of the guard, and messages by topic family (FR-5.6)', async () => {
      await watchAs('watch');
      const board = await accounts.login('esp32-oven001-therm');
      const topic = 'openegiz/factory-a/oven/oven-001/thermal/telemetry';
      await board.publishAsync(topic, '{}', { qos: 1 });
      const families = () => flow.at(0).at(-1)?.families as Record<string, { count: number }> | undefined;
      await until('counted', () => (families()?.['telemetry/thermal']?.count ?? 0) > 0, WITHIN_MS);
      should(flow.at(0).at(-1)).match({ guard: true, figures: { denyingAll: 0 } });
      should(alerts()).not.containEql('raised GUARD_MISSING');
    });

    it('refuses the subscription of an account without the right, which is an alert', async () => {
      await watchAs('egizcore');
      await alert('raised', 'SYS_REFUSED');
    });
  });
});
