import { DatabaseSync } from 'node:sqlite';
import helper from 'node-red-node-test-helper';
import should from 'should';
import { EgizError } from '../../lib/errors/egiz-error';
import { migrations } from '../../nodes/egiz-status-correlate/migrations';
import { migrate } from '../../nodes/shell/migrate';
import { fake } from './fake-broker';
import { eventually, pushRequest, ServiceFlow, settings } from './service-flow';

type Message = Record<string, unknown>;
interface Pushed {
  readonly commandId: string;
  readonly hash: string;
}

const TOPIC = 'tenants/acme/clients/press-1/status';
const FILTER = 'tenants/+/clients/+/status';
const FILTERS = [FILTER, 'openegiz/+/+/+/+/status', 'openegiz/+/+/+/status'];
const COMMON = { tenantId: 'acme', clientId: 'press-1', revision: 1, bootId: 'boot-1', reportedHash: null };

const status = ({ commandId }: Pushed, state: string, seq = 1, more: Message = {}): Message => ({
  type: 'ClientStatusReported',
  ...COMMON,
  commandId,
  version: '1.0.0',
  state,
  code: state.toUpperCase(),
  message: `it is ${state}`,
  errors: [],
  at: new Date().toISOString(),
  seq,
  ...more,
});
const connection = (change: 'online' | 'offline'): Message => ({
  type: 'ClientConnectionChanged',
  ...COMMON,
  revision: 0,
  status: change,
  at: new Date().toISOString(),
});

describe('egiz-status-correlate', () => {
  let flow: ServiceFlow;
  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(done);
  });
  beforeEach(() => {
    flow = new ServiceFlow();
  });
  afterEach(async () => {
    fake.refusal = undefined;
    await flow.end();
  });

  const nodes = (config: Message) => [
    flow.node('correlate', 'egiz-status-correlate', 3, config),
    flow.node('publish', 'egiz-config-publish', 3, { delivery: 'message', rateLimit: 0 }),
  ];
  const start = async (config: Message = { broker: '' }) => {
    await flow.load(nodes(config));
    return flow.ready();
  };
  const push = async (): Promise<Pushed> => {
    const request = pushRequest('press-1', { version: '1.0.0', settings: settings(1) });
    return (await flow.ask('publish', request)).payload as Pushed;
  };
  const states = () => flow.at('correlate.1').map(({ payload }) => (payload as Message).state);
  const shows = (text: string) => eventually(text, () => flow.statuses('correlate').at(-1) === text);

  describe('takes messages at its input', () => {
    it('and tells each transition of a command, whoever caused it', async () => {
      await start();
      const dones = flow.dones('correlate');
      const pushed = await push();
      await eventually('published', () => states().includes('published'));
      flow.send('correlate', { topic: TOPIC, payload: status(pushed, 'received') });
      flow.send('correlate', { topic: TOPIC, payload: JSON.stringify(status(pushed, 'applied', 2)) });
      await eventually('applied', () => states().includes('applied'));
      should(states()).eql(['accepted', 'published', 'received', 'applied']);
      should(flow.at('correlate.1')[3]).match({
        topic: 'acme.press-1',
        payload: {
          commandId: pushed.commandId,
          state: 'applied',
          tenantId: 'acme',
          from: 'received',
          code: 'APPLIED',
        },
      });
      should(flow.at('correlate.3')).be.empty();
      should(dones).eql([undefined, undefined]);
    });

    it('and finds the command by Correlation Data before the id in the payload', async () => {
      await start();
      const pushed = await push();
      const payload = status({ ...pushed, commandId: '01900000-0000-7000-8000-000000000000' }, 'applied');
      const correlationData = Buffer.from(pushed.commandId.replaceAll('-', ''), 'hex');
      flow.send('correlate', {
        topic: TOPIC,
        payload: Buffer.from(JSON.stringify(payload)),
        correlationData,
      });
      await eventually('applied', () => states().includes('applied'));
    });

    it('and tells an alert when a client has refused', async () => {
      await start();
      const pushed = await push();
      const errors = [{ pointer: '/lamps', rule: 'x', message: 'no such lamp' }];
      flow.send('correlate', { topic: TOPIC, payload: status(pushed, 'rejected', 1, { errors }) });
      await eventually('the alert', () => flow.at('correlate.2').length > 0);
      should(flow.at('correlate.2')).match([
        {
          topic: 'COMMAND_REJECTED',
          payload: {
            code: 'COMMAND_REJECTED',
            tenantId: 'acme',
            clientId: 'press-1',
            commandId: pushed.commandId,
          },
        },
      ]);
    });

    it('and learns of births and wills', async () => {
      const { service } = await start();
      const presence = async () => {
        const ref = { tenantId: 'acme', clientId: 'press-1' };
        return (await service.store.transaction((tx) => tx.client(ref)))?.presence;
      };
      flow.send('correlate', { topic: TOPIC, payload: connection('online') });
      await eventually('online', async () => (await presence()) === 'online');
      flow.send('correlate', { topic: TOPIC, payload: connection('offline') });
      await eventually('offline', async () => (await presence()) === 'offline');
    });

    it('and moves a command no more than once for a doubled report', async () => {
      await start();
      const pushed = await push();
      for (let time = 0; time < 3; time += 1)
        flow.send('correlate', { topic: TOPIC, payload: status(pushed, 'applied') });
      await eventually('applied', () => states().includes('applied'));
      await new Promise((resolve) => setTimeout(resolve, 50));
      should(states().filter((state) => state === 'applied')).have.length(1);
    });

    const unmatched: readonly (readonly [string, string, string, unknown])[] = [
      [
        'CLIENT_UNKNOWN',
        'an unknown client',
        'tenants/acme/clients/x/status',
        { ...connection('online'), clientId: 'x' },
      ],
      [
        'COMMAND_UNKNOWN',
        'an unknown command',
        TOPIC,
        status({ commandId: '01900000-0000-7000-8000-000000000000', hash: '' }, 'applied', 1, {
          revision: 9,
        }),
      ],
      ['INVALID_MESSAGE', 'text that is not JSON', TOPIC, '{'],
      ['INVALID_MESSAGE', 'nothing', TOPIC, null],
      [
        'INVALID_MESSAGE',
        "another client's report",
        'tenants/acme/clients/press-2/status',
        connection('online'),
      ],
      ['INVALID_TOPIC', 'a topic no client reports on', 'tenants/acme/status', connection('online')],
    ];
    for (const [code, name, topic, payload] of unmatched) {
      it(`and sends ${name} to output 3 as ${code}`, async () => {
        await start();
        const dones = flow.dones('correlate');
        flow.send('correlate', { topic, payload });
        await eventually('unmatched', () => flow.at('correlate.3').length > 0);
        const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
        should(flow.at('correlate.3')).match([{ topic, payload: text, code }]);
        should(flow.at('correlate.3')[0]?.reason).be.a.String();
        should(dones).eql([undefined]);
      });
    }

    const faulty: readonly (readonly [string, Message])[] = [
      ['without a topic', { payload: {} }],
      ['without a payload', { topic: TOPIC }],
      ['whose payload is a number', { topic: TOPIC, payload: 7 }],
    ];
    for (const [name, message] of faulty) {
      it(`and gives a message ${name} to Catch as INVALID_MESSAGE`, async () => {
        await start();
        const dones = flow.dones('correlate');
        flow.send('correlate', message);
        await eventually('Catch', () => flow.at('caught').length > 0);
        should(flow.at('caught')).match([{ error: { code: 'INVALID_MESSAGE' } }]);
        should(dones).match([{ code: 'INVALID_MESSAGE' }]);
      });
    }

    it('and shows that it is ready, or has no store', async () => {
      await start();
      await shows('status.ready');
      await helper.unload();
      await flow.load(nodes({ broker: '' }), flow.store({ file: flow.directory }));
      await shows('status.noStore');
    });

    it('and gives back what it could not store, with topic and code, when it is closed', async () => {
      await flow.load(nodes({ broker: '' }), flow.store({ file: flow.directory }));
      const dones = flow.dones('correlate');
      flow.send('correlate', { topic: TOPIC, payload: connection('online') });
      await new Promise((resolve) => setTimeout(resolve, 50));
      should(dones).be.empty();
      await flow.deploy((entry) => (entry.id === 'correlate' ? { ...entry, name: 'new' } : entry));
      should(dones).match([{ code: 'NODE_CLOSED', cause: { topic: TOPIC, id: 'correlate' } }]);
    });
  });

  describe('listens on its broker', () => {
    const listening = { broker: 'broker-1' };

    it('to the reports of all clients, and answers when one is stored', async () => {
      await start(listening);
      await shows('status.listening');
      should([...fake.link.handlers.keys()]).eql(FILTERS);
      const pushed = await push();
      await fake.link.deliver(TOPIC, status(pushed, 'applied'));
      await eventually('applied', () => states().includes('applied'));
    });

    it('and answers for what it can never store, which it tells at output 3', async () => {
      await start(listening);
      await fake.link.deliver(TOPIC, '{');
      await eventually('unmatched', () => flow.at('correlate.3').length > 0);
      should(flow.at('correlate.3')).match([{ code: 'INVALID_MESSAGE', payload: '{' }]);
      should(flow.at('caught')).be.empty();
    });

    it('and shows what its connection is like', async () => {
      await start(listening);
      fake.link.become({ kind: 'connecting' });
      await shows('status.connecting');
      fake.link.become({ kind: 'disconnected', reason: 'Bad user name (0x86)', code: 'MQTT_BAD_LOGIN' });
      await shows('Bad user name (0x86)');
      fake.link.become({ kind: 'connected', sessionPresent: true });
      await shows('status.listening');
    });

    it('and shows a refused subscription, tells Catch, and asks again at the next connection', async () => {
      fake.refusal = new EgizError('MQTT_SUBSCRIBE_REFUSED', 'refused', { topic: FILTER });
      await start(listening);
      await shows('status.refused');
      await eventually('Catch', () => flow.at('caught').length > 0);
      should(flow.at('caught')).match([{ topic: FILTER, error: { code: 'MQTT_SUBSCRIBE_REFUSED' } }]);
      fake.refusal = undefined;
      fake.link.become({ kind: 'disconnected', reason: 'x', code: 'X' });
      fake.link.become({ kind: 'connected', sessionPresent: true });
      await shows('status.listening');
    });

    it('and keeps its subscription over a deploy, so that no report in between is lost', async () => {
      await start(listening);
      const pushed = await push();
      const deploy = flow.deploy((entry) => (entry.id === 'correlate' ? { ...entry, name: 'new' } : entry));
      const answers = [fake.link.deliver(TOPIC, status(pushed, 'received'))];
      await new Promise((resolve) => setImmediate(resolve));
      answers.push(fake.link.deliver(TOPIC, status(pushed, 'applied', 2)));
      await deploy;
      await Promise.all(answers);
      should(fake.link.unsubscribed).be.empty();
      should(fake.log).eql(['registered']);
      await eventually('applied', () => states().includes('applied'));
    });

    it('and hands a report that waits for the store to the node that takes its place', async () => {
      await flow.load(nodes(listening), flow.store({ file: flow.directory }));
      let answered = false;
      const answer = fake.link.deliver(TOPIC, connection('online')).then(() => {
        answered = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
      should(answered).be.false();
      await flow.deploy((entry) => (entry.type === 'egiz-store' ? flow.store() : entry));
      await answer;
      should(fake.link.unsubscribed).be.empty();
      // The new store has read its inventory before it is asked.
      should(flow.at('correlate.3')).be.empty();
      const { service } = await flow.ready();
      const ref = { tenantId: 'acme', clientId: 'press-1' };
      const client = await service.store.transaction((tx) => tx.client(ref));
      should(client).have.property('presence', 'online');
    });

    it('and does not unsubscribe when Node-RED ends: the broker keeps what comes meanwhile', async () => {
      await start(listening);
      const { link } = fake;
      await helper.unload();
      should(link.unsubscribed).be.empty();
    });

    it('once for all nodes on one broker, and no more when a deploy has removed them', async () => {
      await flow.load([...nodes(listening), flow.node('second', 'egiz-status-correlate', 3, listening)]);
      await flow.ready();
      should(fake.log).eql(['registered']);
      await flow.deploy((entry) => (entry.id === 'correlate' ? undefined : entry));
      should(fake.link.unsubscribed).be.empty();
      await fake.link.deliver(TOPIC, '{');
      await eventually('unmatched', () => flow.at('second.3').length === 1);
      await flow.deploy((entry) => (entry.id === 'second' ? undefined : entry));
      await eventually('unsubscribed', () => fake.log.includes('left'));
      should(fake.link.unsubscribed).eql(FILTERS);
    });

    it('and has what is unfinished sent again once when the broker has lost the session', async () => {
      await flow.load([
        flow.node('correlate', 'egiz-status-correlate', 3, listening),
        flow.node('publish', 'egiz-config-publish', 2, {
          delivery: 'broker',
          broker: 'broker-1',
          rateLimit: 0,
        }),
      ]);
      await flow.ready();
      const { commandId } = await push();
      await eventually('published', () => states().includes('published'));
      const sent = () => fake.link.published.length;
      const away = { kind: 'disconnected', reason: 'x', code: 'X' } as const;
      fake.link.become(away);
      fake.link.become({ kind: 'connected', sessionPresent: true });
      await new Promise((resolve) => setTimeout(resolve, 100));
      should(sent()).equal(1);
      const other = new DatabaseSync(flow.storeFile);
      other.exec('BEGIN IMMEDIATE');
      fake.link.become(away);
      fake.link.become({ kind: 'connected', sessionPresent: false });
      await eventually('no store', () => flow.statuses('correlate').includes('status.noStore'));
      other.exec('ROLLBACK');
      other.close();
      await eventually('sent again', () => sent() === 2, 10_000);
      const ids = fake.link.published.map(({ payload }) => JSON.parse(String(payload)).commandId);
      should(ids).eql([commandId, commandId]);
      await flow.deploy((entry) => (entry.id === 'correlate' ? { ...entry, name: 'new' } : entry));
      await new Promise((resolve) => setTimeout(resolve, 100));
      should(sent()).equal(2);
    });

    it('and leaves the broker it is moved away from', async () => {
      await start(listening);
      await flow.deploy((entry) => (entry.id === 'correlate' ? { ...entry, broker: '' } : entry));
      await eventually('left', () => fake.log.includes('left'));
      should(fake.link.unsubscribed).eql(FILTERS);
      await shows('status.ready');
    });
  });

  const broken: readonly (readonly [string, Message])[] = [
    ['no store', { store: '' }],
    ['a broker that is not there', { broker: 'gone' }],
  ];
  for (const [name, config] of broken) {
    it(`is misconfigured with ${name}, and Catch sees CONFIG_INVALID`, async () => {
      await flow.load(nodes({ broker: '', ...config }));
      flow.send('correlate', { topic: TOPIC, payload: {} });
      await eventually('Catch', () => flow.at('caught').length > 0);
      should(flow.at('caught')).match([{ error: { code: 'CONFIG_INVALID' } }]);
      should(flow.statuses('correlate')).eql(['status.misconfigured']);
    });
  }

  it('brings a configuration without a version to version 1', () => {
    should(migrate({ store: 's' }, migrations)).eql({ store: 's', broker: '', configVersion: 1 });
  });
});
