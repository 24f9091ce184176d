import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import should from 'should';
import { MIGRATIONS } from '../../../lib/store/sqlite/migrations';
import { openSqliteStore } from '../../../lib/store/sqlite/sqlite-store';

describe('the SQLite store', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-store-'));
    path = join(directory, 'deep', 'store.db');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const client = {
    tenantId: 'acme',
    clientId: 'press-1',
    type: 'thing',
    profile: 'clients',
    address: '',
    labels: { line: '1' },
  };

  it('writes with WAL and synchronous FULL', async () => {
    const store = openSqliteStore(path);
    await store.close();
    const database = new DatabaseSync(path);
    should(database.prepare('PRAGMA journal_mode').get()?.journal_mode).equal('wal');
    database.close();
  });

  it('does nothing of a transaction that throws', async () => {
    const store = openSqliteStore(path);
    await store
      .transaction(async (tx) => {
        await tx.registerClient(client);
        throw new Error('no');
      })
      .should.be.rejectedWith('no');
    should(await store.transaction((tx) => tx.client(client))).be.undefined();
    await store.close();
  });

  it('commits together what comes together, and each is still all or nothing', async () => {
    const store = openSqliteStore(path);
    const register = (clientId: string, fail = false) =>
      store.transaction(async (tx) => {
        await tx.registerClient({ ...client, clientId });
        if (fail) throw new Error(`no ${clientId}`);
        return clientId;
      });
    const results = await Promise.allSettled([register('a'), register('b', true), register('c')]);
    results.map((one) => one.status).should.eql(['fulfilled', 'rejected', 'fulfilled']);
    const known = await store.transaction((tx) => tx.registeredClients());
    known.map((ref) => ref.clientId).should.eql(['a', 'c']);
    await store.close();
  });

  it('runs transactions one after the other', async () => {
    const store = openSqliteStore(path);
    const order: string[] = [];
    const work = (name: string) =>
      store.transaction(async (tx) => {
        order.push(`${name} begins`);
        await tx.registerClient(client);
        order.push(`${name} ends`);
      });
    await Promise.all([work('a'), work('b')]);
    order.should.eql(['a begins', 'a ends', 'b begins', 'b ends']);
    await store.close();
  });

  it('keeps what was committed over a reopening, and a retired client out of sight', async () => {
    const store = openSqliteStore(path);
    await store.transaction((tx) => tx.registerClient(client));
    await store.close();
    const again = openSqliteStore(path);
    should(await again.transaction((tx) => tx.client(client))).containDeep({ labels: { line: '1' } });
    await again.transaction((tx) => tx.retireClient(client));
    should(await again.transaction((tx) => tx.client(client))).be.undefined();
    should(await again.transaction((tx) => tx.registeredClients())).be.empty();
    await again.close();
  });

  it('never changes a revision', async () => {
    const store = openSqliteStore(path);
    await store.transaction((tx) =>
      tx.insertRevision({
        tenantId: 'acme',
        clientId: 'press-1',
        revision: 1,
        version: '1.0.0',
        schema: 'thing/1',
        settings: { a: 1 },
        hash: 'h',
        createdAt: 0,
        createdBy: 'alice',
      }),
    );
    await store.close();
    const database = new DatabaseSync(path);
    (() => database.exec("UPDATE revisions SET settings = '{}'")).should.throw(/a revision never changes/);
    database.close();
  });

  it('brings the clients of an older version along', async () => {
    mkdirSync(dirname(path));
    const older = new DatabaseSync(path);
    older.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1;
      INSERT INTO clients (tenant_id, client_id, type, profile, labels)
      VALUES ('acme', 'press-1', 'thing', 'clients', '{}')`);
    older.close();
    const store = openSqliteStore(path);
    should(await store.transaction((tx) => tx.client(client))).have.properties({
      address: '',
      connection: null,
    });
    await store.close();
  });

  it('finds a client by its address and by one above it, while it is not retired', async () => {
    const store = openSqliteStore(path);
    const board = { ...client, profile: 'sensors', address: 'f/oven/oven-1/thermal' };
    const at = (address: string, profile = 'sensors') =>
      store.transaction((tx) => tx.clientAt({ profile, address, clientId: 'press-1' }));
    await store.transaction((tx) => tx.registerClient(board));
    should(await at('f/oven/oven-1/thermal')).have.property('tenantId', 'acme');
    should(await at('f/oven/oven-1')).have.property('tenantId', 'acme');
    for (const elsewhere of ['f/oven/oven-', 'f/oven/oven-1/thermal/x', 'f/oven/oven-%', ''])
      should(await at(elsewhere)).be.undefined();
    should(await at('f/oven/oven-1/thermal', 'clients')).be.undefined();
    await store.transaction((tx) => tx.retireClient(board));
    should(await at('f/oven/oven-1/thermal')).be.undefined();
    await store.close();
  });

  it('copies itself while in use', async () => {
    const store = openSqliteStore(path);
    await store.transaction((tx) => tx.registerClient(client));
    const copy = join(directory, 'backup.db');
    await store.backup(copy);
    await store.close();
    const restored = openSqliteStore(copy);
    should(await restored.transaction((tx) => tx.client(client))).not.be.undefined();
    await restored.close();
  });

  it('refuses a file that is no database, and one a newer version wrote, saying what to do', async () => {
    const garbage = join(directory, 'garbage.db');
    writeFileSync(garbage, 'not a database at all, but long enough to look like one'.repeat(40));
    (() => openSqliteStore(garbage)).should.throw({ code: 'STORE_UNAVAILABLE' });
    const newer = join(directory, 'newer.db');
    const database = new DatabaseSync(newer);
    database.exec('PRAGMA user_version = 999');
    database.close();
    (() => openSqliteStore(newer)).should.throw({ code: 'STORE_TOO_NEW' });
  });

  it('answers STORE_UNAVAILABLE while another process holds the database, and recovers', async function () {
    this.timeout(15_000);
    const store = openSqliteStore(path);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await store
      .transaction((tx) => tx.registerClient(client))
      .should.be.rejectedWith({ code: 'STORE_UNAVAILABLE' });
    other.exec('ROLLBACK');
    other.close();
    await store.transaction((tx) => tx.registerClient(client));
    await store.close();
    await store.transaction((tx) => tx.client(client)).should.be.rejectedWith({ code: 'STORE_UNAVAILABLE' });
  });

  it('says what to do on a Node without node:sqlite', () => {
    const store = join(__dirname, '../../../lib/store/sqlite/sqlite-store.js');
    const code = `try { require(${JSON.stringify(store)}).openSqliteStore('x.db') } catch (e) { console.log(e.code, e.cause.mend) }`;
    const output = execFileSync(process.execPath, ['--no-experimental-sqlite', '-e', code], {
      cwd: directory,
    });
    output.toString().should.match(/^STORE_NEEDS_NEWER_NODE .*22\.13/);
  });

  it('tells its listeners after a commit that touched the outbox, and only then', async () => {
    const store = openSqliteStore(path);
    let told = 0;
    store.onOutbox(() => {
      told += 1;
    });
    await store.transaction((tx) => tx.registerClient(client));
    told.should.equal(0);
    const row = { commandId: 'c1', tenantId: 'acme', clientId: 'press-1', createdAt: 1, expiresAt: 2 };
    await store.transaction((tx) => tx.enqueue(row));
    told.should.equal(1);
    chmodSync(path, 0o600);
    await store.close();
  });
});
