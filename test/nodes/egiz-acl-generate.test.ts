import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import should from 'should';
import { migrations } from '../../nodes/egiz-acl-generate/migrations';
import { migrate } from '../../nodes/shell/migrate';

import aclNode = require('../../nodes/egiz-acl-generate/egiz-acl-generate');

import { InventoryBroker } from '../support/inventory-broker';
import { runFlow } from './flow';

const INVENTORY = `tenants:
  - id: acme
    clients:
      - { id: press-line-1, type: opc-core-client }
`;

describe('egiz-acl-generate', () => {
  let directory = '';
  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(done);
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-acl-node-'));
  });
  afterEach(async () => {
    rmSync(directory, { recursive: true });
    await helper.unload();
  });

  const run = (config: Record<string, unknown>, ...payloads: unknown[]) =>
    runFlow(
      aclNode,
      {
        type: 'egiz-acl-generate',
        aclFile: join(directory, 'acl'),
        passwordFile: join(directory, 'passwords'),
        passwordDirectory: join(directory, 'accounts'),
        ...config,
      },
      1,
      payloads.map((payload) => ({ payload })),
    );

  it('writes acl_file and password_file and sends the diff, without passwords', async () => {
    const { outputs, dones, status } = await run({}, INVENTORY);
    should(outputs[0]?.[0]?.payload).match({
      changed: true,
      reloaded: false,
      accounts: 1,
      accountsAdded: ['acme.press-line-1'],
      accountsRemoved: [],
    });
    readFileSync(join(directory, 'acl'), 'utf8').should.containEql('user acme.press-line-1\n');
    const password = readFileSync(join(directory, 'accounts/acme.press-line-1'), 'utf8').trim();
    JSON.stringify(outputs).should.not.containEql(password).and.not.containEql('$7$');
    should(dones).eql([undefined]);
    should(status.at(-1)?.text).equal('status.written');
  });

  it('takes the inventory as text, bytes or object, and changes nothing the second time', async () => {
    const object = { tenants: [{ id: 'acme', clients: [{ id: 'press-line-1', type: 'opc-core-client' }] }] };
    const { outputs } = await run({}, INVENTORY, Buffer.from(INVENTORY), object);
    should(outputs[0]?.map(({ payload }) => (payload as { changed: boolean }).changed)).eql([
      true,
      false,
      false,
    ]);
  });

  it('reads the inventory from a file when one is set', async () => {
    writeFileSync(join(directory, 'inventory.yaml'), INVENTORY);
    const config = { source: 'file', inventoryFile: join(directory, 'inventory.yaml') };
    should((await run(config, 'go')).outputs[0]).have.length(1);
  });

  it('only compares when told so', async () => {
    const { outputs } = await run({ mode: 'compare' }, INVENTORY);
    should(outputs[0]?.[0]?.payload).match({ changed: false, accountsAdded: ['acme.press-line-1'] });
    existsSync(join(directory, 'acl')).should.equal(false);
  });

  it('signals the broker after a change', async () => {
    let signals = 0;
    const onSignal = () => {
      signals += 1;
    };
    process.on('SIGHUP', onSignal);
    try {
      writeFileSync(join(directory, 'pid'), `${process.pid}\n`);
      const { outputs } = await run({ pidFile: join(directory, 'pid') }, INVENTORY, INVENTORY);
      should(outputs[0]?.map(({ payload }) => (payload as { reloaded: boolean }).reloaded)).eql([
        true,
        false,
      ]);
      should(signals).equal(1);
    } finally {
      process.off('SIGHUP', onSignal);
    }
  });

  it('asks a real broker whether it follows, and changes nothing when it cannot be asked', async () => {
    const broker = await InventoryBroker.start('tenants: []');
    try {
      const config = {
        ...broker.files,
        pidFile: broker.pidFile,
        probeUrl: broker.url('password'),
        caFile: join(broker.pkiDirectory, 'ca.crt'),
      };
      const { outputs, dones } = await run(config, INVENTORY, INVENTORY);
      should(dones).eql([undefined, undefined]);
      should(outputs[0]?.map(({ payload }) => payload)).match([
        { changed: true, reloaded: true, probed: true },
        { changed: false, reloaded: false, probed: true },
      ]);
      await broker.login('acme.press-line-1');
      await helper.unload();
      const wrong = await run({ ...config, probeUrl: 'mqtts://127.0.0.1:1' }, 'tenants: []');
      should(wrong.dones).match([{ code: 'BROKER_UNREACHABLE' }]);
      await broker.login('acme.press-line-1');
    } finally {
      await broker.close();
    }
  });

  const faults: [string, Record<string, unknown>, unknown, string][] = [
    ['an inventory with a fault, naming its line', {}, 'tenants: [{id: a/b}]', 'INVENTORY_INVALID'],
    ['a payload that is no inventory', {}, 42, 'INVENTORY_MISSING'],
    [
      'a file that is not there',
      { source: 'file', inventoryFile: '/nowhere.yaml' },
      '',
      'INVENTORY_UNREADABLE',
    ],
    ['a broker that cannot be signalled', { pidFile: '/nowhere.pid' }, INVENTORY, 'BROKER_PID_UNREADABLE'],
    ['a node without its paths', { aclFile: '' }, INVENTORY, 'CONFIG_INVALID'],
  ];
  for (const [name, config, payload, code] of faults) {
    it(`gives Catch nodes ${code} for ${name}, once`, async () => {
      const { outputs, dones } = await run(config, payload);
      should(outputs[0]).be.empty();
      should(dones).match([{ code }]);
      should(dones).have.length(1);
    });
  }

  it('brings a configuration of version 0 to version 2', () => {
    migrate({ aclFile: '/acl' }, migrations).should.match({
      source: 'message',
      mode: 'write',
      aclFile: '/acl',
      probeUrl: '',
      caFile: '',
      configVersion: 2,
    });
  });
});
