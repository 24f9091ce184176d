import helper from 'node-red-node-test-helper';
import should from 'should';
import { migrations } from '../../nodes/egiz-fleet-query/migrations';
import { migrate } from '../../nodes/shell/migrate';
import { ALICE, eventually, pushRequest, ServiceFlow, settings } from './service-flow';

type Message = Record<string, unknown>;

describe('egiz-fleet-query', () => {
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

  /** A query node that leaves the choice to the message, and a publisher with two revisions behind it. */
  const start = async (config: Message = { read: 'request' }) => {
    await flow.load([
      flow.node('query', 'egiz-fleet-query', 2, config),
      flow.node('publish', 'egiz-config-publish', 3, { delivery: 'message', rateLimit: 0 }),
    ]);
    await flow.ready();
    await flow.ask('publish', pushRequest('press-1', { version: '1.0.0', settings: settings(1) }));
    const second = pushRequest('press-1', { version: '1.1.0', settings: settings(2) });
    return (await flow.ask('publish', second)).payload as { commandId: string; hash: string };
  };
  const ask = async (message: Message): Promise<Message> =>
    (await flow.ask('query', { auth: ALICE, ...message })) as Message;

  describe('reads', () => {
    it('clients in pages, filtered by msg.payload', async () => {
      await start();
      const first = await ask({ read: 'clients', payload: { limit: 1 } });
      should(first).match({ statusCode: 200, headers: { 'content-type': 'application/json' } });
      should(first.payload).match({ items: [{ clientId: 'press-1' }], next: '?limit=1&after=press-1' });
      const second = await ask({ read: 'clients', payload: { limit: 1, after: 'press-1' } });
      should(second.payload).match({ items: [{ clientId: 'press-2' }], next: null });
      const drifted = await ask({ read: 'clients', payload: { drift: true } });
      should(drifted.payload).match({ items: [{ clientId: 'press-1', drift: true }] });
    });

    it('one client, with its revision as ETag', async () => {
      const { hash } = await start();
      const { payload, headers } = await ask({ read: 'client', clientId: 'press-1' });
      should(payload).match({ desired: { revision: 2, version: '1.1.0', hash }, reported: { revision: 0 } });
      should(headers).match({ etag: '"rev-2"' });
    });

    it('the configuration, the current one or an older', async () => {
      await start();
      const current = await ask({ read: 'configuration', clientId: 'press-1' });
      should(current.payload).match({ revision: 2, settings: settings(2) });
      const older = await ask({ read: 'configuration', clientId: 'press-1', payload: { revision: 1 } });
      should(older.payload).match({ revision: 1, settings: settings(1) });
    });

    it('the history, with what each revision changed', async () => {
      await start();
      const { payload } = await ask({ read: 'history', clientId: 'press-1' });
      const { items } = payload as { items: Message[] };
      should(items).match([{ revision: 2 }, { revision: 1 }]);
      should(items[0]?.changes).match([{ pointer: '/publishIntervalSeconds' }]);
    });

    it('commands, and one with its transitions', async () => {
      const { commandId } = await start();
      const { payload } = await ask({ read: 'commands', clientId: 'press-1' });
      should(payload).match({ items: [{ commandId }, { revision: 1 }] });
      const one = await ask({ read: 'command', clientId: 'press-1', commandId });
      should(one.payload).match({ commandId, transitions: [{ state: 'accepted' }] });
    });

    it('counts that balance', async () => {
      await start();
      should((await ask({ read: 'counts' })).payload).match({ accepted: 2, sum: 2, balanced: true });
    });

    it('alerts, tenants, and the description of the API without any authentication', async () => {
      await start();
      should((await ask({ read: 'alerts' })).payload).match({ items: [] });
      should((await ask({ read: 'tenants' })).payload).match({
        items: [{ tenantId: 'acme', clients: 2 }, { tenantId: 'globex' }],
      });
      const { payload } = await ask({ read: 'openapi', auth: undefined });
      should(payload).match({ openapi: /^3\.1/ });
    });

    it('what the path of the request names', async () => {
      await start();
      const req = { path: '/api/v1/clients/press-1', params: { clientId: 'press-1' }, query: {} };
      should((await ask({ req })).payload).match({ clientId: 'press-1' });
    });

    it('what the node has chosen', async () => {
      await start({ read: 'counts' });
      should((await ask({})).payload).match({ balanced: true });
    });
  });

  describe('answers with a problem, at output 2 and not to Catch,', () => {
    const problems: readonly (readonly [number, string, string, Message])[] = [
      [400, 'INVALID_REQUEST', 'a read that there is not', { read: 'secrets' }],
      [400, 'INVALID_REQUEST', 'a path that names nothing', { req: { path: '/api/v1/x', query: {} } }],
      [400, 'INVALID_REQUEST', 'a limit too high', { read: 'clients', payload: { limit: 501 } }],
      [
        400,
        'INVALID_REQUEST',
        'a presence that there is not',
        { read: 'clients', payload: { presence: 'x' } },
      ],
      [401, 'NOT_AUTHENTICATED', 'no msg.auth', { read: 'clients', auth: undefined }],
      [403, 'SCOPE_MISSING', 'no scope', { read: 'clients', auth: { ...ALICE, scopes: [] } }],
      [404, 'CLIENT_UNKNOWN', 'an unknown client', { read: 'client', clientId: 'nobody' }],
      [
        404,
        'CLIENT_UNKNOWN',
        "another tenant's client",
        { read: 'client', clientId: 'press-2', auth: { ...ALICE, tenantId: 'globex' } },
      ],
      [404, 'CONFIGURATION_NONE', 'no configuration yet', { read: 'configuration', clientId: 'press-2' }],
      [
        404,
        'REVISION_UNKNOWN',
        'a revision that there is not',
        { read: 'configuration', clientId: 'press-1', payload: { revision: 9 } },
      ],
      [404, 'COMMAND_UNKNOWN', 'a command of another client', { read: 'command', clientId: 'press-2' }],
    ];
    for (const [status, code, name, message] of problems) {
      it(`${status} ${code} for ${name}`, async () => {
        const { commandId } = await start();
        const dones = flow.dones('query');
        const answer = await ask({ commandId, ...message });
        should(answer).match({ statusCode: status, payload: { status, code } });
        should(answer.headers).match({ 'content-type': 'application/problem+json' });
        await eventually('done', () => dones.length > 0);
        should(dones).eql([undefined]);
        should(flow.at('query.1')).be.empty();
        should(flow.at('caught')).be.empty();
      });
    }
  });

  describe('answers with a problem, and Catch sees its code,', () => {
    it('503 while the store cannot be opened', async () => {
      const nodes = [flow.node('query', 'egiz-fleet-query', 2, { read: 'clients' })];
      await flow.load(nodes, flow.store({ file: flow.directory }));
      const dones = flow.dones('query');
      should(await ask({})).match({ statusCode: 503, payload: { code: 'STORE_UNAVAILABLE' } });
      await eventually('Catch', () => flow.at('caught').length > 0);
      should(flow.at('caught')).match([{ error: { code: 'STORE_UNAVAILABLE' } }]);
      should(dones).match([{ code: 'STORE_UNAVAILABLE' }]);
      should(flow.statuses('query')).eql(['status.noStore']);
    });

    const broken: readonly (readonly [string, Message])[] = [
      ['no store', { store: '' }],
      ['a choice that there is not', { read: 'magic' }],
    ];
    for (const [name, config] of broken) {
      it(`500 with ${name}, so that no caller waits in vain`, async () => {
        await flow.load([flow.node('query', 'egiz-fleet-query', 2, { read: 'clients', ...config })]);
        should(await ask({})).match({ statusCode: 500, payload: { code: 'INTERNAL' } });
        await eventually('Catch', () => flow.at('caught').length > 0);
        should(flow.statuses('query')).eql(['status.misconfigured']);
      });
    }
  });

  it('shows that it is ready, and when it is not', async () => {
    await start();
    should(flow.statuses('query')).eql(['status.ready']);
  });

  it('brings a configuration without a version to version 1', () => {
    should(migrate({ store: 's' }, migrations)).eql({ store: 's', read: 'request', configVersion: 1 });
  });
});
