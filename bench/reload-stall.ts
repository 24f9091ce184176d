/**
 * What a reload of the rights costs: for how long Mosquitto, one thread, answers nobody while it reads its files
 * and hashes the password of every connected client again. All clients are connected over TLS 1.3 with their
 * passwords; one of them publishes without a pause, and the longest wait for a PUBACK is the stall.
 *
 *     npm run bench -- reload-stall [CLIENTS] [ROUNDS]
 *
 * Needs about two file descriptors a client (ulimit -n).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { applyAccess } from '../lib/broker/apply';
import { parseInventory } from '../lib/inventory/parse';
import { InventoryBroker } from '../test/support/inventory-broker';
import { percentiles, row } from './percentiles';

const [clients, rounds] = [process.argv[2] ?? '1000', process.argv[3] ?? '3'].map(Number) as [number, number];
const PARALLEL = 50;
const QUIET_MS = 3_000;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const account = (n: number) => `bench.c${n}`;
const inventoryOf = (count: number) =>
  `tenants: [{ id: bench, clients: [${Array.from({ length: count }, (_, n) => `{ id: c${n}, type: t }`).join(', ')}] }]`;

/** Strings with the two bytes of their length before them (MQTT 5.0 section 1.5.4). */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** CONNECT of MQTT 5 with user name and password, clean start and no keep-alive. */
function connectPacket(name: string, password: string): Buffer {
  const flags = 0b1100_0010;
  const head = Buffer.concat([text('MQTT'), Buffer.from([5, flags, 0, 0, 0])]);
  const body = Buffer.concat([head, text(name), text(name), text(password)]);
  const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
  return Buffer.concat([Buffer.from([0x10, ...length]), body]);
}

/** A bare connection: thousands of full clients would measure this process. */
function open(broker: InventoryBroker, context: SecureContext, n: number): Promise<TLSSocket> {
  const password = readFileSync(join(broker.files.passwordDirectory, account(n)), 'utf8').trim();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: broker.ports.password, secureContext: context });
    socket.once('secureConnect', () => socket.write(connectPacket(account(n), password)));
    socket.once('data', (connack: Buffer) =>
      connack[3] === 0 ? resolve(socket) : reject(new Error('refused')),
    );
    socket.on('error', reject);
  });
}

async function openAll(broker: InventoryBroker): Promise<TLSSocket[]> {
  const context = createSecureContext({ ca: broker.ca(), minVersion: 'TLSv1.3' });
  const sockets: TLSSocket[] = [];
  let next = 1;
  const worker = async () => {
    while (next < clients) sockets.push(await open(broker, context, next++));
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return sockets;
}

/** Publishes without a pause until told to stop; the waits for PUBACK, in milliseconds. */
async function publishOn(broker: InventoryBroker): Promise<{ waits(): number[]; stop(): void }> {
  const link = await broker.login(account(0));
  const topic = 'tenants/bench/clients/c0/status';
  let waits: number[] = [];
  let running = true;
  const loop = async () => {
    while (running) {
      const before = performance.now();
      await link.publish({ topic, payload: 'x', qos: 1 }, { timeoutMs: 120_000 });
      waits.push(performance.now() - before);
      await sleep(2);
    }
  };
  void loop();
  return {
    waits() {
      const taken = waits;
      waits = [];
      return taken;
    },
    stop() {
      running = false;
    },
  };
}

async function measure(broker: InventoryBroker): Promise<void> {
  const started = performance.now();
  const sockets = await openAll(broker);
  console.log(
    `${sockets.length + 1} clients connected in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  let lost = 0;
  for (const socket of sockets) socket.once('close', () => lost++);
  const publisher = await publishOn(broker);
  await sleep(QUIET_MS);
  console.log(row('PUBACK, no reload', percentiles(publisher.waits())));
  const stalls: number[] = [];
  const whole: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const inventory = parseInventory(inventoryOf(clients + 1 + (round % 2)));
    const before = performance.now();
    await applyAccess(inventory, broker.files, broker.asRunning, { timeoutMs: 120_000 });
    whole.push(performance.now() - before);
    await sleep(QUIET_MS);
    stalls.push(Math.max(...publisher.waits()));
  }
  console.log(row('longest wait in a reload (stall)', percentiles(stalls)));
  console.log(row('broker apply, with its probes', percentiles(whole)));
  console.log(`connections lost: ${lost}`);
  publisher.stop();
  for (const socket of sockets) socket.destroy();
}

async function main(): Promise<void> {
  const version = spawnSync(process.env.MOSQUITTO ?? '/usr/sbin/mosquitto', ['-h'], { encoding: 'utf8' });
  console.log(`${version.stdout.split('\n')[0]}; ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}`);
  const broker = await InventoryBroker.start(inventoryOf(clients));
  try {
    await measure(broker);
  } finally {
    await broker.close();
  }
  console.log('Limits: the generator shares the machine with the broker and reads nothing during a stall;');
  console.log(
    'accounts are in acl_file and password_file (PBKDF2-SHA512, 101 iterations), one rule set each.',
  );
}

void main().then(() => process.exit(0));
