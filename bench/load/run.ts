import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { devicesOf } from '../../lib/inventory/inventory';
import { haproxyConf, renderNames } from '../../lib/scale/haproxy';
import { freeBlock, freePort } from '../../test/support/ports';
import { type Fleet, pinned, type Variant } from './fleet';

/** What one run of the generator found, and what the broker took for it. */
export interface Outcome {
  readonly connectSeconds: number;
  readonly attemptsFailed: number;
  readonly handshakeP50: number;
  readonly handshakeP99: number;
  readonly sent?: number;
  readonly notSent?: number;
  readonly delivered?: number;
  readonly seconds?: number;
  readonly latencyP50?: number;
  readonly latencyP99?: number;
  /** Of its core, 1 = all of it. */
  readonly generatorCpu?: number;
  /** Of its core, while messages moved. */
  readonly brokerCpu: number;
  /** Cores that others kept busy meanwhile: with any, latencies are theirs too. */
  readonly othersCpu: number;
  /** For all connections, seconds. */
  readonly connectCpu: number;
  /** MB, with all connected. */
  readonly memory: number;
}

export interface Load {
  readonly variant: Variant;
  readonly rate: number;
  readonly seconds: number;
  readonly qos: 0 | 1;
  /** Seconds over which the boards connect. */
  readonly spread: number;
  readonly haproxy?: boolean;
}

const BROKER_CORE = 0;
const GENERATOR_CORE = 1;
const TICKS_PER_SECOND = 100;

export async function runLoad(fleet: Fleet, load: Load): Promise<Outcome> {
  const port = await freePort();
  const broker = pinned(BROKER_CORE, ['/usr/sbin/mosquitto', '-c', fleet.conf(load.variant, port)]);
  let proxy: ChildProcess | undefined;
  try {
    await listening(broker, port);
    if (load.haproxy !== true) return await generate(fleet, load, port, broker);
    const front = await freeBlock([0, 1, 2]);
    proxy = pinned(BROKER_CORE, ['/usr/sbin/haproxy', '-db', '-f', proxyConf(fleet, front, port)]);
    await listening(proxy, front);
    // The proxy's first health check.
    await pause(3_000);
    return await generate(fleet, load, front, broker);
  } finally {
    await Promise.all([broker, proxy].map(ended));
  }
}

/** Stops and waits: the next run wants the core for itself. */
export async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

function proxyConf(fleet: Fleet, front: number, port: number): string {
  const boards = devicesOf(fleet.inventory).length;
  const ports = (password: number) => ({
    password,
    'client-certificate': password + 1,
    'service-certificate': password + 2,
  });
  const mapFile = join(fleet.directory, 'names.map');
  writeFileSync(mapFile, renderNames(new Map([['localhost', 'shard-1']])));
  const file = join(fleet.directory, 'haproxy.cfg');
  writeFileSync(
    file,
    haproxyConf({
      shards: [{ name: 'shard-1', address: '127.0.0.1', ports: ports(port) }],
      ports: ports(front),
      bindAddress: '127.0.0.1',
      mapFile,
      caFile: fleet.pki.caFile,
      // Two sockets a connection, and this many may be open here.
      maxConnections: Math.min(boards + 40, 9_950),
    }),
  );
  return file;
}

function generate(fleet: Fleet, load: Load, port: number, broker: ChildProcess): Promise<Outcome> {
  const ca = load.variant === 'plain' ? '-' : fleet.pki.caFile;
  const numbers = [load.qos, load.spread, load.rate, load.seconds].map(String);
  const accounts = fleet.accountFile(load.variant);
  const child = pinned(GENERATOR_CORE, [fleet.generator, String(port), ca, accounts, ...numbers]);
  const pid = broker.pid ?? 0;
  const begin = cpuOf(pid);
  let [from, to] = [begin, begin];
  let [busyFrom, busyTo] = [0, 0];
  let memory = 0;
  let [output, words] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    words += chunk.toString();
    if (chunk.toString().includes('publishing'))
      [from, memory, busyFrom] = [cpuOf(pid), memoryOf(pid), cpuOfAll()];
    if (chunk.toString().includes('published')) [to, busyTo] = [cpuOf(pid), cpuOfAll()];
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code !== 0) return reject(new Error(`load ended with ${code}: ${words}${output}`));
      if (load.rate === 0) [from, memory] = [cpuOf(pid), memoryOf(pid)];
      const found = JSON.parse(output) as Omit<Outcome, 'brokerCpu' | 'othersCpu' | 'connectCpu' | 'memory'>;
      const brokerCpu = (to - from) / (found.seconds ?? 1);
      const othersCpu = (busyTo - busyFrom) / (found.seconds ?? 1) - brokerCpu - (found.generatorCpu ?? 0);
      resolve({ ...found, brokerCpu, othersCpu, connectCpu: from - begin, memory });
    });
  });
}

/** Seconds of processor time so far. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Seconds that all cores together have worked, or were taken away by the host. */
export function cpuOfAll(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const fields = line.split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

export async function listening(child: ChildProcess, port: number): Promise<void> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-2_000);
    });
  }
  for (const end = Date.now() + 30_000; !(await answers(port)); await pause(50)) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`nothing listens: ${output}`);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
