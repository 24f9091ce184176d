import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import helper from 'node-red-node-test-helper';
import should from 'should';
import { EgizError } from '../../lib/errors/egiz-error';
import { parseConfig } from '../../nodes/egiz-store/config';
import { StoreHealth } from '../../nodes/egiz-store/health';
import { migrations } from '../../nodes/egiz-store/migrations';
import type { StoreNode } from '../../nodes/egiz-store/store-node';
import { migrate } from '../../nodes/shell/migrate';
import { nodeOf } from './flow';
import { eventually, INVENTORY, opened, ServiceFlow } from './service-flow';

/** Node-RED's log levels. */
const ERROR = 20;
const WARN = 30;

describe('egiz-store', () => {
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

  const store = () => nodeOf('store-1') as StoreNode;
  const said = (level: number) =>
    helper
      .log()
      .args.filter(([entry]) => entry.level === level)
      .map(([entry]) => String(entry.msg));
  const clients = async () => {
    const { service } = await opened(store());
    const refs = await service.store.transaction((tx) => tx.registeredClients());
    return refs.map(({ tenantId, clientId }) => `${tenantId}.${clientId}`);
  };

  it('makes its file and knows the clients of the inventory', async () => {
    await flow.load([], flow.store({ file: join(flow.directory, 'new', 'deep', 'store.db') }));
    await flow.ready();
    should(existsSync(join(flow.directory, 'new', 'deep', 'store.db'))).be.true();
    should(await clients()).eql(['acme.press-1', 'acme.press-2', 'globex.press-1']);
  });

  it('reads the inventory again when it changes', async () => {
    await flow.load([]);
    await flow.ready();
    writeFileSync(join(flow.directory, 'inventory.yaml'), INVENTORY.replace('press-2', 'press-22'));
    await eventually('the change', async () => (await clients()).includes('acme.press-22'));
    should(await clients()).not.containEql('acme.press-2');
  });

  it('keeps the clients when the inventory is faulty, and says so once', async () => {
    await flow.load([]);
    await flow.ready();
    writeFileSync(join(flow.directory, 'inventory.yaml'), 'tenants: 7');
    await eventually('the warning', () => said(WARN).some((text) => text.includes('stay as they were')));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    should(said(WARN).filter((text) => text.includes('stay as they were'))).have.length(1);
    should(await clients()).have.length(3);
  });

  it('reads the inventory again after a time in which it could not write', async () => {
    await flow.load([]);
    await flow.ready();
    const other = new DatabaseSync(flow.storeFile);
    other.exec('BEGIN IMMEDIATE');
    writeFileSync(join(flow.directory, 'inventory.yaml'), INVENTORY.replace('press-2', 'press-22'));
    await eventually('the fault', () => said(ERROR).length > 0);
    other.exec('ROLLBACK');
    other.close();
    await eventually('the change', async () => (await clients()).includes('acme.press-22'));
    should(said(ERROR)).have.length(1);
    should(said(ERROR)[0]).match(/locked by another process.*Check that/);
  });

  const unusable: readonly (readonly [string, (file: string) => void])[] = [
    ['is a folder', (file) => mkdirSync(file)],
    ['is no database', (file) => writeFileSync(file, 'x'.repeat(8192))],
  ];
  for (const [name, spoil] of unusable) {
    it(`says once that its file ${name}, and opens it when that is mended`, async () => {
      spoil(flow.storeFile);
      await flow.load([]);
      const states: string[] = [];
      store().onService((state) => states.push(state instanceof EgizError ? state.code : 'open'));
      should(() => store().open()).throw({ code: 'STORE_UNAVAILABLE' });
      await new Promise((resolve) => setTimeout(resolve, 2_200));
      should(said(ERROR)).have.length(1);
      rmSync(flow.storeFile, { recursive: true });
      await eventually('the store', () => states.at(-1) === 'open');
      should(states).eql(['STORE_UNAVAILABLE', 'open']);
    });
  }

  const refused: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ['saved by a newer version', { configVersion: 9 }, /newer version of the package/],
    ['with a variable that the environment lacks', { file: '${EGIZ_NOT_THERE}' }, /has no EGIZ_NOT_THERE/],
    ['with a folder of schemas that is not there', { schemas: '/nowhere' }, /nowhere/],
  ];
  for (const [name, config, message] of refused) {
    it(`${name} is not opened, and says why`, async () => {
      await flow.load([], flow.store(config));
      should(said(ERROR)).matchEach(message);
      should(() => store().open()).throw(message);
    });
  }

  it('gives its file back when it is closed', async () => {
    await flow.load([]);
    await flow.ready();
    await helper.unload();
    // SQLite removes the journal when the last connection closes.
    should(existsSync(`${flow.storeFile}-wal`)).be.false();
  });

  it('counts as well again only when nothing has failed for a while', () => {
    let now = 0;
    const health = new StoreHealth(() => now);
    const told: (string | undefined)[] = [];
    health.onChange((fault) => told.push(fault?.message));
    health.fail(new EgizError('STORE_UNAVAILABLE', 'full'));
    health.fail(new EgizError('STORE_UNAVAILABLE', 'full'));
    now = 4_999;
    health.settle();
    now = 5_000;
    health.settle();
    health.settle();
    should(told).eql([undefined, 'full', undefined]);
  });

  it('takes relative paths as below the user directory', () => {
    const config = { file: 'a.db', inventory: '/i.yaml', schemas: '' };
    should(parseConfig(config, '/user')).eql({ file: '/user/a.db', inventory: '/i.yaml', schemas: '' });
    should(parseConfig({}, '/user').file).equal('/user/openegiz/store.db');
  });

  it('brings a configuration without a version to version 1', () => {
    const empty = { file: '', inventory: '', schemas: '', configVersion: 1 };
    should(migrate({}, migrations)).eql(empty);
  });
});
