import { rmSync } from 'node:fs';
import helper from 'node-red-node-test-helper';
import should from 'should';
import { migrations } from '../../nodes/egiz-config-publish/migrations';
import { migrate } from '../../nodes/shell/migrate';
import { fake } from './fake-broker';
import { ALICE, eventually, PLACE, pushRequest, ServiceFlow, settings } from './service-flow';

const push = (version: string, seconds: number, extra: Record<string, unknown> = {}) =>
  pushRequest('press-1', { version, settings: settings(seconds), ...extra });

describe('egiz-config-publish', () => {
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
    await flow.end();
  });

  const byMessage = { delivery: 'message', rateLimit: 500 };
  const byBroker = { delivery: 'broker', broker: 'broker-1', rateLimit: 500 };
  const start = async (config: Record<string, unknown> = byMessage, outputs = 3) => {
    await flow.load([flow.node('publish', 'egiz-config-publish', outputs, config)]);
    return flow.ready();
  };

  describe('answers', () => {
    it('202 with command, Location and ETag for a new revision', async () => {
      await start();
      const dones = flow.dones('publish');
      const { statusCode, headers, payload } = await flow.ask('publish', push('1.0.0', 5));
      should(statusCode).equal(202);
      should(payload).match({ clientId: 'press-1', version: '1.0.0', revision: 1, state: 'accepted' });
      const { commandId } = payload as { commandId: string };
      should(headers).match({
        etag: '"rev-1"',
        location: `/api/v1/clients/press-1/commands/${commandId}`,
        'content-type': 'application/json',
      });
      await eventually('done', () => dones.length > 0);
      should(dones).eql([undefined]);
    });

    it('200 "unchanged" for the content that is current', async () => {
      await start();
      await flow.ask('publish', push('1.0.0', 5));
      const again = await flow.ask('publish', push('1.0.1', 5));
      should(again).match({ statusCode: 200, payload: { state: 'unchanged', revision: 1 } });
    });

    it('200 with the difference for a dry run, and sends nothing', async () => {
      const { service } = await start();
      const { statusCode, payload } = await flow.ask('publish', push('1.0.0', 5, { dryRun: true }));
      should(statusCode).equal(200);
      should(payload).match({ dryRun: true, baseRevision: 0 });
      should(await service.store.transaction((tx) => tx.outboxDepth())).match({ rows: 0 });
    });

    it('a message without http in, by msg.clientId', async () => {
      await start();
      const message = {
        auth: ALICE,
        clientId: 'press-2',
        payload: { version: '1.0.0', settings: settings(1) },
      };
      should(await flow.ask('publish', message)).match({ statusCode: 202, payload: { clientId: 'press-2' } });
    });

    it('bytes and text as well as an object', async () => {
      await start();
      const text = JSON.stringify({ version: '1.0.0', settings: settings(5) });
      should(await flow.ask('publish', pushRequest('press-1', Buffer.from(text)))).match({ statusCode: 202 });
      should(await flow.ask('publish', pushRequest('press-2', text))).match({ statusCode: 202 });
    });

    it('the same to a repeated Idempotency-Key', async () => {
      await start();
      const request = () => {
        const req = { params: { clientId: 'press-1' }, headers: { 'idempotency-key': 'k' } };
        return { ...push('1.0.0', 5), req };
      };
      const first = await flow.ask('publish', request());
      const second = await flow.ask('publish', request());
      should(second.payload).eql(first.payload);
      should(second.headers).match({ 'idempotent-replayed': 'true' });
    });

    it('a cancellation, when the message names a command that waits', async () => {
      await start(byBroker, 2);
      fake.link.become({ kind: 'disconnected', reason: 'away', code: 'ECONNREFUSED' });
      const { payload } = await flow.ask('publish', push('1.0.0', 5));
      const { commandId } = payload as { commandId: string };
      const cancelled = await flow.ask('publish', { auth: ALICE, clientId: 'press-1', commandId });
      should(cancelled).match({ statusCode: 200, payload: { commandId, state: 'cancelled' } });
    });
  });

  describe('answers with a problem, at output 2 and not to Catch,', () => {
    const headers = (given: Record<string, string>) => ({
      req: { params: { clientId: 'press-1' }, headers: given },
    });
    const large = { version: '1.0.0', settings: { note: 'x'.repeat(33 * 1024) } };
    const problems: readonly (readonly [number, string, string, Record<string, unknown>])[] = [
      [400, 'INVALID_REQUEST', 'a body that is not a request', pushRequest('press-1', { version: 1 })],
      [400, 'JSON_SYNTAX', 'text that is not JSON', pushRequest('press-1', '{')],
      [400, 'SETTINGS_INVALID', 'settings that fail the schema', push('1.0.0', -1)],
      [401, 'NOT_AUTHENTICATED', 'no msg.auth', { ...push('1.0.0', 5), auth: undefined }],
      [
        403,
        'SCOPE_MISSING',
        'a reader',
        { ...push('1.0.0', 5), auth: { ...ALICE, scopes: ['config:read'] } },
      ],
      [404, 'CLIENT_UNKNOWN', 'an unknown client', pushRequest('nobody', { version: '1.0.0', settings: {} })],
      [404, 'CLIENT_UNKNOWN', 'an id no client has', pushRequest('a/b', { version: '1.0.0', settings: {} })],
      [
        404,
        'CLIENT_UNKNOWN',
        "another tenant's client",
        {
          ...pushRequest('press-2', { version: '1.0.0', settings: {} }),
          auth: { ...ALICE, tenantId: 'globex' },
        },
      ],
      [404, 'COMMAND_UNKNOWN', 'an unknown command', { auth: ALICE, clientId: 'press-1', commandId: 'x' }],
      [409, 'VERSION_CONFLICT', 'a label with other content', push('0.1.0', 6)],
      [
        412,
        'REVISION_STALE',
        'a stale If-Match',
        { ...push('2.0.0', 7), ...headers({ 'if-match': '"rev-9"' }) },
      ],
      [412, 'REVISION_STALE', 'a stale baseRevision', push('2.0.0', 7, { baseRevision: 9 })],
      [413, 'SETTINGS_TOO_LARGE', 'settings of 33 KB', pushRequest('press-1', large)],
      [
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        'a body that is XML',
        { ...push('2.0.0', 7), ...headers({ 'content-type': 'application/xml' }) },
      ],
      [422, 'SCHEMA_UNKNOWN', 'an unknown schema', push('2.0.0', 7, { schema: 'signal-tower/9' })],
    ];
    for (const [status, code, name, message] of problems) {
      it(`${status} ${code} for ${name}`, async () => {
        await start();
        await flow.ask('publish', push('0.1.0', 5));
        const dones = flow.dones('publish');
        const { statusCode, headers: sent, payload } = await flow.ask('publish', message);
        should(statusCode).equal(status);
        should(payload).match({ status, code });
        should(sent).match({ 'content-type': 'application/problem+json' });
        should(flow.at('publish.2')).have.length(1);
        await eventually('done', () => dones.length > 0);
        should(dones).eql([undefined]);
        should(flow.at('caught')).be.empty();
      });
    }

    it('429 TOO_MANY_REQUESTS with Retry-After, for one tenant only', async () => {
      await start({ ...byMessage, rateLimit: 1 });
      await flow.ask('publish', push('1.0.0', 1));
      await flow.ask('publish', push('1.0.0', 1));
      const third = await flow.ask('publish', push('1.0.0', 1));
      should(third).match({ statusCode: 429, payload: { code: 'TOO_MANY_REQUESTS' } });
      should(third.headers).match({ 'retry-after': '1' });
      const other = { ...push('1.0.0', 1), auth: { ...ALICE, tenantId: 'globex' } };
      should(await flow.ask('publish', other)).match({ statusCode: 202 });
    });

    it('409 TOO_LATE_TO_CANCEL for a command that has left', async () => {
      const { service } = await start();
      const { payload } = await flow.ask('publish', push('1.0.0', 5));
      const { commandId } = payload as { commandId: string };
      const state = () => service.store.transaction(async (tx) => (await tx.command(commandId))?.state);
      await eventually('published', async () => (await state()) === 'published');
      const late = await flow.ask('publish', { auth: ALICE, clientId: 'press-1', commandId });
      should(late).match({ statusCode: 409, payload: { code: 'TOO_LATE_TO_CANCEL' } });
    });
  });

  describe('answers with a problem, and Catch sees its code,', () => {
    const unusable = () => flow.store({ file: flow.directory });
    const nodes = () => [flow.node('publish', 'egiz-config-publish', 3, byMessage)];

    it('503 STORE_UNAVAILABLE while the store cannot be opened, and 202 once it can', async () => {
      await flow.load(nodes(), flow.store({ file: `${flow.directory}/inventory.yaml/store.db` }));
      const dones = flow.dones('publish');
      const { statusCode, headers, payload } = await flow.ask('publish', push('1.0.0', 5));
      should(statusCode).equal(503);
      should(payload).match({ code: 'STORE_UNAVAILABLE' });
      should(headers).match({ 'retry-after': '5' });
      await eventually('Catch', () => flow.at('caught').length > 0);
      should(flow.at('caught')).match([{ error: { code: 'STORE_UNAVAILABLE', source: { id: 'publish' } } }]);
      should(dones).match([{ code: 'STORE_UNAVAILABLE' }]);
      should(flow.statuses('publish')).containEql('status.noStore');
      rmSync(`${flow.directory}/inventory.yaml`);
      await eventually('the store', () => flow.statuses('publish').at(-1) === 'status.ready');
    });

    it('says once in the log why there is no store', async () => {
      await flow.load(nodes(), unusable());
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      const said = helper.log().args.filter(([{ level, msg }]) => level === 20 && /store/.test(String(msg)));
      should(said).have.length(1);
    });

    const broken: readonly (readonly [string, Record<string, unknown>])[] = [
      ['no store', { ...byMessage, store: '' }],
      ['a store that is another node', { ...byMessage, store: 'broker-1' }],
      ['no broker', { ...byBroker, broker: '' }],
      ['a newer version of the node', { ...byMessage, configVersion: 9 }],
    ];
    for (const [name, config] of broken) {
      it(`500 with ${name}, so that no caller waits in vain`, async () => {
        await flow.load([flow.node('publish', 'egiz-config-publish', 3, config)]);
        const { statusCode, payload } = await flow.ask('publish', push('1.0.0', 5));
        should(statusCode).equal(500);
        should(payload).match({ code: 'INTERNAL' });
        await eventually('Catch', () => flow.at('caught').length > 0);
        should(flow.at('caught')).match([{ error: { code: /^CONFIG_/ } }]);
        should(flow.statuses('publish')).eql(['status.misconfigured']);
      });
    }
  });

  describe('by messages', () => {
    it('sends the command at output 3 as mqtt out takes it', async () => {
      await start();
      const { payload } = await flow.ask('publish', push('1.0.0', 5));
      const { commandId, hash } = payload as { commandId: string; hash: string };
      await eventually('the message', () => flow.at('publish.3').length > 0);
      const [message = {}] = flow.at('publish.3');
      should(message).match({
        topic: 'tenants/acme/clients/press-1/commands/config',
        qos: 1,
        retain: false,
        responseTopic: 'tenants/acme/clients/press-1/status',
        contentType: 'application/json',
        payloadFormatIndicator: true,
        userProperties: { revision: '1', schema: 'signal-tower/1' },
      });
      should(message.correlationData).eql(Buffer.from(commandId.replaceAll('-', ''), 'hex'));
      should(message.messageExpiryInterval).be.within(86_390, 86_400);
      should(JSON.parse(String(message.payload))).match({ commandId, hash, revision: 1 });
    });

    it('keeps commands while output 3 is not wired, says so, and sends them when it is', async () => {
      await flow.load([
        flow.node('publish', 'egiz-config-publish', 3, {
          ...byMessage,
          wires: [['publish.1'], ['publish.2'], []],
        }),
        flow.node('spare', 'egiz-fleet-query', 1, { wires: [['publish.3']] }),
      ]);
      const { service } = await flow.ready();
      should(flow.statuses('publish')).containEql('status.unwired');
      await flow.ask('publish', push('1.0.0', 5));
      await eventually('queued', async () => {
        const { queued } = await service.store.transaction((tx) => tx.countByState({}));
        return queued === 1;
      });
      await flow.deploy((entry) =>
        entry.id === 'publish' ? { ...entry, wires: [['publish.1'], ['publish.2'], ['publish.3']] } : entry,
      );
      await eventually('the message', () => flow.at('publish.3').length === 1);
    });

    it('loses no command that waits when the flows start before the nodes behind it', async () => {
      await flow.load([
        flow.node('publish', 'egiz-config-publish', 3, { ...byMessage, wires: [['a'], [], []] }),
      ]);
      await flow.ready();
      flow.send('publish', push('1.0.0', 5));
      await eventually('an answer', () => flow.at('a').length > 0);
      await helper.unload();
      const between = Array.from({ length: 300 }, (_, index) => ({
        id: `n${index}`,
        ...PLACE,
        type: 'helper',
      }));
      await flow.load([flow.node('publish', 'egiz-config-publish', 3, byMessage), ...between]);
      await eventually('the message', () => flow.at('publish.3').length === 1);
    });
  });

  describe('by the broker', () => {
    it('publishes and shows that it is ready', async () => {
      await start(byBroker, 2);
      await flow.ask('publish', push('1.0.0', 5));
      await eventually('the publish', () => fake.link.published.length === 1);
      await eventually('ready', () => flow.statuses('publish').at(-1) === 'status.ready');
    });

    it('answers 202 while the broker is away, shows it, and publishes on its return', async () => {
      await start(byBroker, 2);
      fake.link.become({ kind: 'disconnected', reason: 'away', code: 'ECONNREFUSED' });
      should(await flow.ask('publish', push('1.0.0', 5))).match({ statusCode: 202 });
      await eventually('no broker', () => flow.statuses('publish').at(-1) === 'status.noBroker');
      should(fake.link.published).be.empty();
      fake.link.become({ kind: 'connected', sessionPresent: true });
      await eventually('the publish', () => fake.link.published.length === 1);
    });

    it('shows that it connects', async () => {
      await start(byBroker, 2);
      fake.link.become({ kind: 'connecting' });
      await eventually('connecting', () => flow.statuses('publish').at(-1) === 'status.connecting');
    });

    it('shares one publisher between nodes on one broker', async () => {
      await flow.load([
        flow.node('publish', 'egiz-config-publish', 2, byBroker),
        flow.node('second', 'egiz-config-publish', 2, byBroker),
      ]);
      await flow.ready();
      await flow.ask('publish', push('1.0.0', 5));
      await new Promise((resolve) => setTimeout(resolve, 100));
      should(fake.link.published).have.length(1);
    });

    it('waits for a PUBACK that is under way when it is redeployed, and lets go of the link last', async () => {
      const { service } = await start(byBroker, 2);
      fake.link.answer = () =>
        new Promise((resolve) =>
          setTimeout(() => {
            fake.log.push('acknowledged');
            resolve({ reasonCode: 0, noSubscribers: false });
          }, 150),
        );
      await flow.ask('publish', push('1.0.0', 5));
      await eventually('the publish', () => fake.link.published.length === 1);
      await flow.deploy((entry) => (entry.id === 'publish' ? { ...entry, name: 'new' } : entry));
      should(fake.log).eql(['registered', 'acknowledged', 'left', 'registered']);
      should(await service.store.transaction((tx) => tx.countByState({}))).match({ published: 1 });
      await new Promise((resolve) => setTimeout(resolve, 100));
      should(fake.link.published).have.length(1);
    });
  });

  describe('deploys', () => {
    const SIZE = 40;
    for (const type of ['nodes', 'full'] as const) {
      it(`answers every message exactly once when a deploy (${type}) comes between`, async () => {
        const { service } = await start();
        const dones = flow.dones('publish');
        const closing = flow.deploy(
          (entry) => (entry.id === 'publish' ? { ...entry, name: type } : entry),
          type,
        );
        for (let index = 1; index <= SIZE; index += 1) flow.send('publish', push(`1.0.${index}`, index));
        await closing;
        await eventually('all done', () => dones.length >= SIZE);
        should(dones).have.length(SIZE);
        const accepted = flow.at('publish.1').filter(({ statusCode }) => statusCode === 202);
        if (type === 'nodes') {
          should(accepted).have.length(SIZE);
          should(await service.store.transaction((tx) => tx.countAccepted({}))).equal(SIZE);
        }
      });
    }

    it('is ready again after a full deploy', async () => {
      await start();
      await flow.deploy((entry) => ({ ...entry, name: 'new' }), 'full');
      await flow.ready();
      await eventually('ready', () => flow.statuses('publish').at(-1) === 'status.ready');
      should(await flow.ask('publish', push('1.0.0', 5))).match({ statusCode: 202 });
    });
  });

  it('brings a configuration without a version to version 1', () => {
    should(migrate({ store: 's', delivery: 'message' }, migrations)).eql({
      store: 's',
      broker: '',
      delivery: 'message',
      rateLimit: 500,
      outputs: 3,
      configVersion: 1,
    });
  });
});
