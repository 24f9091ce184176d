import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import should from 'should';
import { parseInventory } from '../../lib/inventory/parse';
import { NOT_AUTHORIZED, publishCode, subscribeCode } from '../support/account-client';
import { eventually, runCommand } from '../support/running-stack';
import { ShardedBrokers } from '../support/sharded-brokers';

const FACTORY = (id: string) => `  - id: factory-${id}
    tenant: acme
    equipment:
      - { id: oven, type: oven, devices: [{ id: board-${id}, sensor: thermal }] }
`;
const INVENTORY = `tenants: [{ id: acme, clients: [{ id: line, type: opc-core-client }] }]
factories:
${FACTORY('a')}${FACTORY('b')}services:
  - { id: telegraf, role: archive }
`;
const topicOf = (id: string) => `openegiz/factory-${id}/oven/oven/thermal/telemetry`;
const NO_SUBSCRIBERS = 16;

describe('two brokers behind HAProxy, each with its factory', function () {
  this.timeout(90_000);
  const home = mkdtempSync(join(tmpdir(), 'egiz-shards-inventory-'));
  const inventoryFile = join(home, 'inventory.yaml');
  let sharded: ShardedBrokers;
  const boards = new Map<string, MqttClient>();
  /** What the archive of each shard has been delivered. */
  const archived = new Map<string, string[]>();
  const assignment = () =>
    JSON.parse(readFileSync(join(sharded.directory, 'shards.json'), 'utf8')) as Record<string, string>;

  before(async () => {
    writeFileSync(inventoryFile, INVENTORY);
    sharded = await ShardedBrokers.start(parseInventory(INVENTORY), inventoryFile, 2);
    for (const id of ['a', 'b'])
      boards.set(id, await connected(() => sharded.login(`board-${id}`, `factory-${id}.factories`)));
    for (const id of ['a', 'b']) await archive(id);
  });
  after(async () => {
    await sharded.close();
    rmSync(home, { recursive: true, force: true });
  });

  async function archive(id: string): Promise<void> {
    const client = await connected(() =>
      sharded.login('telegraf', assignment()[`factory:factory-${id}`] ?? ''),
    );
    const messages: string[] = [];
    archived.set(id, messages);
    client.on('message', (_topic, payload) => messages.push(payload.toString()));
    should(await subscribeCode(client, 'openegiz/#')).equal(1);
  }

  /** The proxy finds out within seconds that a broker is there. */
  async function connected(attempt: () => Promise<MqttClient>): Promise<MqttClient> {
    for (const end = Date.now() + 20_000; ; ) {
      try {
        return await attempt();
      } catch (fault) {
        if (Date.now() > end) throw new Error(`${fault}\n${sharded.log()}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  const board = (id: string) => boards.get(id) as MqttClient;

  it('serve a factory each, found by the server name of the TLS hello', async () => {
    new Set([assignment()['factory:factory-a'], assignment()['factory:factory-b']]).size.should.equal(2);
    for (const id of ['a', 'b']) (await publishCode(board(id), topicOf(id), `from ${id}`)).should.equal(0);
    await eventually(() => [...archived.values()].every(({ length }) => length > 0), 5_000);
    [archived.get('a'), archived.get('b')].should.eql([['from a'], ['from b']]);
  });

  it('know only their own accounts and rights', async () => {
    await sharded.login('board-a', 'factory-b.factories').should.be.rejectedWith({ code: NOT_AUTHORIZED });
    (await publishCode(board('a'), topicOf('b'))).should.equal(NOT_AUTHORIZED);
    await sharded.login('board-a', 'nobody.factories').should.be.rejected();
  });

  it('give each shard an archive, an inventory and, with the guard, an audit log of its own', () => {
    for (const name of ['shard-1', 'shard-2']) {
      const at = (file: string) => join(sharded.directory, name, file);
      readFileSync(at('telegraf.conf'), 'utf8').should.containEql(`servers = ["ssl://${name}.mqtt.test:`);
      parseInventory(readFileSync(at('inventory.json'), 'utf8')).factories.should.have.length(1);
      existsSync(at('log/audit.jsonl')).should.equal(true);
    }
  });

  it('notice nothing of each other’s end: the other factory goes on without one message lost', async () => {
    const victim = assignment()['factory:factory-a'] ?? '';
    let ended = false;
    board('b').on('close', () => {
      ended = true;
    });
    const count = 200;
    const codes: number[] = [];
    for (let n = 0; n < count; n += 1) {
      if (n === 50) sharded.kill(victim);
      codes.push(await publishCode(board('b'), topicOf('b'), `b${n}`));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await eventually(() => board('a').connected === false, 10_000);
    ended.should.equal(false);
    codes.should.eql(Array.from({ length: count }, () => 0));
    const got = () => (archived.get('b') ?? []).filter((payload) => /^b\d/.test(payload));
    await eventually(() => got().length >= count, 5_000);
    got().should.eql(Array.from({ length: count }, (_, n) => `b${n}`));
  });

  it('are found again when they are back', async () => {
    sharded.revive(assignment()['factory:factory-a'] ?? '');
    boards.set('a', await connected(() => sharded.login('board-a', 'factory-a.factories')));
    (await publishCode(board('a'), topicOf('a'))).should.be.oneOf(0, NO_SUBSCRIBERS);
  });

  it('keep their factories when another comes', async () => {
    const before = assignment();
    writeFileSync(inventoryFile, INVENTORY.replace('services:', `${FACTORY('c')}services:`));
    const { code, output } = await runCommand([
      ...['broker', 'scale', '--inventory', inventoryFile, '--shards', '2'],
      ...['--directory', sharded.directory, '--domain', 'mqtt.test'],
    ]);
    should(code).equal(0, output);
    assignment().should.match(before);
    should(assignment()['factory:factory-c']).match(/^shard-[12]$/);
  });
});
