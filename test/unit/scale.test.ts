import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { portsFrom } from '../../cli/scale/layout';
import { rightsOf } from '../../lib/acl/rights';
import { brokerLimits } from '../../lib/broker/sizing';
import { devicesOf, type Inventory } from '../../lib/inventory/inventory';
import { parseInventory } from '../../lib/inventory/parse';
import { developmentPki } from '../../lib/pki/directory';
import { shardArchiveConf } from '../../lib/scale/archive';
import { emqxAcl, emqxConf, emqxUsers } from '../../lib/scale/emqx';
import { haproxyConf, renderNames } from '../../lib/scale/haproxy';
import { assignShards, serverNames, splitInventory } from '../../lib/scale/shards';
import { ROOT } from '../support/node-red';

const SAMPLE = parseInventory(readFileSync(join(ROOT, 'sample/inventory.yaml'), 'utf8'));
const SCALE = join(ROOT, 'broker/scale');

/** Factories by their numbers of boards. */
function factories(sizes: Readonly<Record<string, number>>, labels = ''): Inventory {
  const list = Object.entries(sizes).map(([id, size]) => {
    const equipment = Array.from(
      { length: size },
      (_, n) => `{id: e${n}, type: t, devices: [{id: ${id}-${n}, sensor: thermal}]}`,
    );
    return `{id: ${id}, tenant: a, equipment: [${equipment.join(', ')}]${labels}}`;
  });
  return parseInventory(
    `tenants: [{id: a, clients: [{id: c, type: t}]}]\nfactories: [${list.join(', ')}]\nservices: [{id: telegraf, role: archive}]`,
  );
}

describe('factories dealt out to several brokers', () => {
  it('are even by boards, and each is on one', () => {
    const inventory = factories({ big: 5, one: 2, two: 2, three: 1 });
    const assignment = assignShards(inventory, 2);
    const shards = splitInventory(inventory, assignment, 2);
    shards.map((shard) => devicesOf(shard.inventory).length).should.eql([5, 5]);
    shards.flatMap((shard) => shard.inventory.factories).should.have.length(4);
    for (const { inventory: own } of shards) own.services.should.have.length(1);
  });

  it('stay where they are when others come, and move when the inventory says so', () => {
    const before = assignShards(factories({ one: 3, two: 1 }), 2);
    const after = assignShards(factories({ one: 3, two: 1, three: 9 }), 2, before);
    for (const [key, shard] of before) should(after.get(key)).equal(shard);
    const pinned = assignShards(factories({ one: 3, two: 1 }, ', labels: {shard: shard-2}'), 2, before);
    [pinned.get('factory:one'), pinned.get('factory:two')].should.eql(['shard-2', 'shard-2']);
  });

  it('are found by names that stay when a factory moves', () => {
    const names = serverNames(
      new Map([
        ['factory:A', 'shard-2'],
        ['tenant:acme', 'shard-1'],
      ]),
      'mqtt.local',
    );
    [...names].should.eql([
      ['a.factories.mqtt.local', 'shard-2'],
      ['acme.tenants.mqtt.local', 'shard-1'],
      ['shard-2.mqtt.local', 'shard-2'],
      ['shard-1.mqtt.local', 'shard-1'],
    ]);
  });

  it('have each an archive of their own: the common configuration, for that broker and as many boards', () => {
    const conf = shardArchiveConf({
      account: 'telegraf',
      url: 'ssl://shard-1.mqtt.local:8885',
      inventory: factories({ big: 11_000 }),
      caFile: '/c/ca.crt',
      certFile: '/c/telegraf.crt',
      keyFile: '/c/telegraf.key',
    });
    conf.should.containEql('  servers = ["ssl://shard-1.mqtt.local:8885"]\n');
    conf.should.containEql('  client_id = "telegraf-archive"\n');
    conf.should.containEql('  tls_key = "/c/telegraf.key"\n');
    conf.should.containEql('  urls = ["${EGIZ_INFLUX_URL:-http://127.0.0.1:8086}"]\n');
    conf.should.containEql('  max_undelivered_messages = 22000\n');
    conf.should.containEql('  metric_buffer_limit = 110000\n');
  });
});

describe('haproxy.cfg', () => {
  it('of broker/scale is what is generated, and HAProxy takes it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'egiz-haproxy-'));
    try {
      const render = (mapFile: string, caFile: string) =>
        haproxyConf({
          shards: ['shard-1', 'shard-2'].map((name, n) => ({
            name,
            address: '127.0.0.1',
            ports: portsFrom(18883 + 10 * n),
          })),
          ports: portsFrom(8883),
          mapFile,
          caFile,
          maxConnections: 12_000,
        });
      const shipped = readFileSync(join(SCALE, 'haproxy.cfg'), 'utf8');
      shipped.should.equal(render('/etc/openegiz/shards/names.map', '/etc/openegiz/certs/ca.crt'));
      const { caFile } = await developmentPki(join(directory, 'pki'), {});
      const names = join(directory, 'names.map');
      const file = join(directory, 'haproxy.cfg');
      writeFileSync(names, renderNames(new Map([['a.factories.mqtt.local', 'shard-1']])));
      writeFileSync(file, render(names, caFile));
      const { status, stderr } = spawnSync('/usr/sbin/haproxy', ['-c', '-q', '-f', file], {
        encoding: 'utf8',
      });
      should([status, stderr]).eql([0, '']);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('the same for an EMQX cluster', () => {
  const conf = emqxConf({ directory: '/opt/emqx/etc/openegiz', limits: brokerLimits(SAMPLE) });
  const acl = emqxAcl(rightsOf(SAMPLE));

  it('is in broker/scale/emqx as generated for the sample', () => {
    readFileSync(join(SCALE, 'emqx/emqx.conf'), 'utf8').should.equal(conf);
    readFileSync(join(SCALE, 'emqx/acl.conf'), 'utf8').should.equal(acl);
  });

  it('has closed brackets, TLS 1.3 on every listener, and no listener without TLS', () => {
    for (const [open, close] of ['{}', '[]']) {
      conf.split(open ?? '').length.should.equal(conf.split(close ?? '').length);
    }
    conf.match(/^listeners\.ssl\.\w+ \{$/gm)?.should.have.length(3);
    conf.match(/versions = \["tlsv1\.3"\]/g)?.should.have.length(3);
    for (const plain of ['tcp', 'ws', 'wss'])
      conf.should.containEql(`listeners.${plain}.default.enable = false`);
    conf.should.containEql('no_match = deny');
  });

  it('gives every right of the inventory, no other, and denies what is left', () => {
    const terms = acl.split('\n').slice(1, -1);
    should(terms.pop()).equal('{deny, all}.');
    const rights = rightsOf(SAMPLE).flatMap(({ account, rights: own }) =>
      own.map(({ access, filter }) => `${account} ${access} ${filter}`),
    );
    const told = terms.map((term) => {
      const [, account, action, filter] =
        /^\{allow, .*\{username, "([^"]+)"\}.*, (subscribe|publish), \["([^"]+)"\]\}\.$/.exec(term) ?? [];
      return `${account} ${action === 'subscribe' ? 'read' : 'write'} ${filter}`;
    });
    told.should.eql(rights);
  });

  it('carries passwords as hashes that EMQX can check, never in the clear', async () => {
    const text = await emqxUsers(new Map([['a.b', 'secret-of-the-test']]));
    text.should.not.containEql('secret-of-the-test');
    const [user] = JSON.parse(text) as { user_id: string; password_hash: string; salt: string }[];
    should(user?.password_hash).match(/^[0-9a-f]{128}$/);
    should(user?.salt).match(/^[0-9a-f]{32}$/);
  });
});
