/**
 * The whole loop under load: REST, store, outbox, Mosquitto with TLS 1.3, simulated edge clients, correlation.
 * The reference, in the same run and on the same broker: a bare MQTT round trip of the same size (publish, echo),
 * which is the least that any configuration system on MQTT can take.
 *
 *     npm run bench -- loop [CLIENTS] [PER_SECOND] [SECONDS]
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ready } from '../cli/stack/ready';
import { connectMqtt } from '../lib/mqtt/connection';
import type { MqttLink } from '../lib/mqtt/link';
import { Homes } from '../test/support/running-stack';
import { percentiles, row } from './percentiles';

const [clients, perSecond, seconds] = [
  process.argv[2] ?? '1000',
  process.argv[3] ?? '50',
  process.argv[4] ?? '20',
].map(Number) as [number, number, number];
const TENANT = 'bench';
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** About 1 KB of settings, different each time. */
function settings(n: number): object {
  const tags = Object.fromEntries(
    Array.from({ length: 24 }, (_, i) => [`tag-${i}`, `s=Line.Machine${i}.Value${n}`]),
  );
  const group = { namespaceUri: 'urn:bench', publishingIntervalMs: 60_000, tags };
  return { connections: { plc: { endpoint: 'opc.tcp://127.0.0.1:4840', groups: { all: group } } } };
}

function call(ready: Ready, path: string, body?: object): Promise<Answer> {
  const token = readFileSync(ready.tokens[`${TENANT}:admin`] ?? '', 'utf8').trim();
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const options = { method: body === undefined ? 'GET' : 'POST', headers, agent };
    const sent = request(`${ready.apiUrl}${path}`, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(Buffer.concat(chunks).toString('utf8')),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Runs `one` at the given rate, not waiting for the last to end. */
async function atRate(count: number, rate: number, one: (index: number) => Promise<void>): Promise<void> {
  const running: Promise<void>[] = [];
  const begin = Date.now();
  for (let index = 0; index < count; index += 1) {
    const due = begin + (index * 1000) / rate;
    if (due > Date.now()) await sleep(due - Date.now());
    running.push(one(index));
  }
  await Promise.all(running);
}

/** The bare round trip: a boardless client's own telemetry topic, echoed by the broker to a service that reads all. */
async function reference(ready: Ready): Promise<number[]> {
  const account = ready.accounts[`${TENANT}.probe`];
  if (account === undefined || !('passwordFile' in account)) throw new Error('no probe account');
  const password = readFileSync(account.passwordFile, 'utf8').trim();
  const link: MqttLink = connectMqtt({
    url: account.url,
    tls: { ca: readFileSync(ready.mqtt.caFile) },
    credentials: { username: account.username, password },
    clientId: account.username,
  });
  while (link.state.kind !== 'connected') await sleep(10);
  const durations: number[] = [];
  const payload = randomBytes(1024).toString('hex').slice(0, 1024);
  await atRate(perSecond * 5, perSecond, async () => {
    const begin = performance.now();
    await link.publish({ topic: `tenants/${TENANT}/clients/probe/telemetry/a/b`, payload, qos: 1 });
    durations.push(performance.now() - begin);
  });
  await link.close();
  return durations;
}

async function load(ready: Ready): Promise<{ api: number[]; commands: string[] }> {
  const api: number[] = [];
  const commands: string[] = [];
  await atRate(perSecond * seconds, perSecond, async (n) => {
    const client = `c${n % clients}`;
    const begin = performance.now();
    const answer = await call(ready, `/api/v1/clients/${client}/config`, {
      version: `1.0.${n}`,
      settings: settings(n),
    });
    api.push(performance.now() - begin);
    if (answer.status !== 202)
      throw new Error(`${client} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    commands.push(`/api/v1/clients/${client}/commands/${answer.body.commandId}`);
  });
  return { api, commands };
}

/** Each step from the store's own times. */
async function steps(ready: Ready, commands: readonly string[]): Promise<Map<string, number[]>> {
  const durations = new Map<string, number[]>([
    ['accepted to published (PUBACK)', []],
    ['accepted to received', []],
    ['accepted to applied', []],
  ]);
  for (const path of commands) {
    const { transitions } = (await call(ready, path)).body as {
      transitions: { state: string; at: string }[];
    };
    const at = new Map(transitions.map((one) => [one.state, Date.parse(one.at)]));
    for (const [name, list] of durations) {
      const end = at.get(name.split(' ')[2] ?? '');
      if (end !== undefined) list.push(end - (at.get('accepted') ?? 0));
    }
  }
  return durations;
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'egiz-bench-'));
  const inventory = join(directory, 'inventory.yaml');
  const lines = Array.from({ length: clients }, (_, n) => `      - { id: c${n}, type: opc-core-client }`);
  writeFileSync(
    inventory,
    `tenants:\n  - id: ${TENANT}\n    clients:\n${lines.join('\n')}\n      - { id: probe, type: opc-core-client }\n`,
  );
  const homes = new Homes();
  try {
    const stack = homes.start(homes.make(), ['--inventory', inventory, '--clients', String(clients)]);
    const ready = await stack.untilReady(300_000);
    for (let online = 0; online < clients; ) {
      await sleep(2_000);
      online = 0;
      for (let next: unknown = '/api/v1/clients?presence=online&limit=500'; typeof next === 'string'; ) {
        const { body } = await call(ready, next);
        online += (body.items as unknown[]).length;
        next = body.next;
      }
    }
    const bare = percentiles(await reference(ready));
    const { api, commands } = await load(ready);
    await sleep(3_000);
    const counts = (await call(ready, '/api/v1/counts')).body as {
      states: Record<string, number>;
      balanced: boolean;
    };
    console.log(
      `${clients} clients over TLS 1.3, ${perSecond} configurations a second for ${seconds} s, about 1 KB each`,
    );
    console.log(row('reference: bare PUBLISH to PUBACK', bare));
    console.log(row('API to 202', percentiles(api), bare));
    for (const [name, list] of await steps(ready, commands)) console.log(row(name, percentiles(list), bare));
    console.log(`states ${JSON.stringify(counts.states)}, balanced ${counts.balanced}`);
  } finally {
    await homes.cleanUp();
    rmSync(directory, { recursive: true, force: true });
    agent.destroy();
  }
}

void main();
