/**
 * Telemetry in Node-RED: `egiz-telemetry-in` beside core nodes (`mqtt in`, `json` with a schema), on a real Mosquitto
 * over TLS 1.3. First the most each can take: the messages wait at the broker, so that no generator is the limit, and
 * Node-RED has a core of its own. Then 10,000 sensors at 1 Hz.
 *
 *     npm run bench -- telemetry [MESSAGES] [SENSORS] [SECONDS]
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectMqtt } from '../lib/mqtt/connection';
import { type DevelopmentPki, developmentPki } from '../lib/pki/directory';
import { SENSOR_TYPES } from '../lib/topics/sensors';
import { freePort } from '../test/support/ports';
import { compile, pinned } from './load/fleet';
import { cpuOf, cpuOfAll, ended, listening } from './load/run';
import { type BrokerPlace, clientIdOf, FILTER, type Way } from './telemetry/flows';
import { BenchNodeRed, type Progress } from './telemetry/node-red';

const [messages, sensors, seconds] = [
  process.argv[2] ?? '100000',
  process.argv[3] ?? '10000',
  process.argv[4] ?? '15',
].map(Number) as [number, number, number];
const WAYS: readonly Way[] = [
  'core',
  'core, small schema',
  'core, no schema',
  'ours, one by one',
  'ours, batches',
];
const LIVE: readonly Way[] = ['core, small schema', 'ours, one by one', 'ours, batches'];
/** Broker and generator share a core: while one works hard, the other has little to do. */
const BROKER_CORE = 0;
const NODE_RED_CORE = 1;
/** From here on a side is what limits the rate. */
const BUSY = 0.85;
/** What the generator offers while it fills the queue; what the broker does not take it does not count. */
const FILL_RATE = 20_000;
const FILL_BOARDS = 300;
const STALLED_MS = 20_000;

const cell = (value: number, digits = 0, width = 10) => value.toFixed(digits).padStart(width);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Mosquitto with a plain listener for the boards and one with TLS 1.3 for Node-RED. */
class Bench {
  private constructor(
    readonly directory: string,
    readonly pki: DevelopmentPki,
    readonly generator: string,
    readonly port: number,
    readonly tlsPort: number,
    readonly broker: ChildProcess,
  ) {}

  static async make(): Promise<Bench> {
    const directory = mkdtempSync(join(tmpdir(), 'egiz-bench-'));
    const pki = await developmentPki(join(directory, 'pki'), {});
    const [port, tlsPort] = [await freePort(), await freePort()];
    const conf = join(directory, 'mosquitto.conf');
    writeFileSync(
      conf,
      [
        'user root',
        'allow_anonymous true',
        'set_tcp_nodelay true',
        'max_inflight_messages 20000',
        'max_queued_messages 0',
        'log_type error',
        `listener ${port} 127.0.0.1`,
        `listener ${tlsPort} 127.0.0.1`,
        'tls_version tlsv1.3',
        `certfile ${pki.server.certFile}`,
        `keyfile ${pki.server.keyFile}`,
      ].join('\n'),
    );
    const broker = pinned(BROKER_CORE, ['/usr/sbin/mosquitto', '-c', conf]);
    await listening(broker, port);
    return new Bench(directory, pki, compile(directory), port, tlsPort, broker);
  }

  get place(): BrokerPlace {
    return { port: this.tlsPort, caFile: this.pki.caFile };
  }

  get brokerCpu(): number {
    return cpuOf(this.broker.pid ?? 0);
  }

  /** Makes the session that the messages are to wait in. */
  async subscribe(clientId: string, cleanStart: boolean): Promise<void> {
    const link = connectMqtt({
      url: `mqtts://localhost:${this.tlsPort}`,
      tls: { ca: readFileSync(this.pki.caFile) },
      clientId,
      cleanStart,
      sessionExpirySeconds: cleanStart ? 3_600 : 0,
    });
    await link.subscribe(FILTER, () => undefined);
    await link.close();
  }

  /** Publishes for some seconds. Returns what was sent, and the generator's share of its core. */
  generate(
    boards: number,
    rate: number,
    forSeconds: number,
  ): Promise<{ sent: number; generatorCpu: number }> {
    const accounts = join(this.directory, `boards-${boards}`);
    const lines = Array.from({ length: boards }, (_, n) => {
      const type = SENSOR_TYPES[n % SENSOR_TYPES.length];
      return `board-${n} - openegiz/factory/oven/oven-${n}/${type}/telemetry\n`;
    });
    writeFileSync(accounts, ['bench - -\n', ...lines].join(''));
    const spread = boards / 2_000;
    const numbers = [1, spread, rate, forSeconds].map(String);
    const child = pinned(BROKER_CORE, [
      this.generator,
      String(this.port),
      '-',
      accounts,
      ...numbers,
      'telemetry',
    ]);
    let [output, words] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      words += chunk.toString();
    });
    return new Promise((resolve, reject) => {
      child.once('close', (code) =>
        code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`load ended with ${code}: ${words}`)),
      );
    });
  }

  async close(): Promise<void> {
    await ended(this.broker);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Until that many have come. */
async function untilCount(nodeRed: BenchNodeRed, count: number): Promise<void> {
  let before = -1;
  for (let end = Date.now() + STALLED_MS; nodeRed.progress.count < count; await pause(500)) {
    if (!nodeRed.alive || Date.now() > end) throw new Error(`Node-RED: ${nodeRed.output}`);
    if (nodeRed.progress.count !== before) end = Date.now() + STALLED_MS;
    before = nodeRed.progress.count;
  }
}

/** @returns messages a second of a full core */
async function drain(bench: Bench, way: Way): Promise<number> {
  await bench.subscribe(clientIdOf(way), true);
  const { sent } = await bench.generate(FILL_BOARDS, FILL_RATE, messages / FILL_RATE);
  const [brokerBefore, allBefore, begin] = [bench.brokerCpu, cpuOfAll(), performance.now()];
  const nodeRed = new BenchNodeRed(way, bench.place, NODE_RED_CORE);
  try {
    await untilCount(nodeRed, sent);
    const { measured: count, seconds: took, cpu } = nodeRed.progress;
    const brokerCpu = bench.brokerCpu - brokerBefore;
    const others = (cpuOfAll() - allBefore - brokerCpu) / ((performance.now() - begin) / 1e3) - 1;
    const limit =
      cpu / took > BUSY
        ? 'Node-RED'
        : brokerCpu / took > BUSY
          ? 'the broker'
          : 'neither: they waited for each other, or for others';
    const figures = [cell(count), cell(count / took), cell((cpu / count) * 1e6, 1), cell(count / cpu)];
    const shares = [
      cell((cpu / took) * 100),
      cell((brokerCpu / took) * 100),
      cell(Math.max(0, others) * 100),
    ];
    console.log(`${way.padEnd(20)}${[...figures, ...shares].join('')}  ${limit}`);
    return count / cpu;
  } finally {
    await nodeRed.stop();
    await bench.subscribe(clientIdOf(way), false);
  }
}

const NOTHING = '-'.padStart(10);

/** Of the figures of all seconds: one in which another program had the core says nothing of ours. */
function median(figures: NonNullable<Progress['figures']>, name: 'p50' | 'p99'): string {
  const sorted = figures.map(({ latencyMs }) => latencyMs[name]).sort((a, b) => a - b);
  return cell(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, 1);
}

/** Sensors at 1 Hz, each with a connection of its own. */
async function live(bench: Bench, way: Way): Promise<void> {
  const nodeRed = new BenchNodeRed(way, bench.place, NODE_RED_CORE);
  try {
    await pause(5_000);
    const { sent, generatorCpu } = await bench.generate(sensors, sensors, seconds);
    await untilCount(nodeRed, sent);
    const { count, measured, seconds: took, cpu, figures = [] } = nodeRed.progress;
    if (measured === 0) throw new Error('There were too few messages to warm up with');
    const times =
      figures.length === 0 ? [NOTHING, NOTHING] : [median(figures, 'p50'), median(figures, 'p99')];
    const lost = figures.length === 0 ? NOTHING : cell(figures.at(-1)?.total.lost ?? 0);
    const idle = (1 - cpu / took) * 100;
    console.log(
      `${way.padEnd(20)}${[cell(sent), cell(count), cell(idle), ...times, lost, cell(generatorCpu * 100)].join('')}`,
    );
  } finally {
    await nodeRed.stop();
    await bench.subscribe(clientIdOf(way), false);
  }
}

async function main(): Promise<void> {
  const bench = await Bench.make();
  try {
    console.log(`${messages} messages of three sensor types that wait at the broker, QoS 1, TLS 1.3`);
    console.log(
      '                      messages     per s    us/msg  per core  node-red%  broker%  others%  limited by',
    );
    const rates = new Map<Way, number>();
    for (const way of WAYS) rates.set(way, await drain(bench, way));
    const ratio = (way: Way, reference: Way) => (rates.get(way) ?? 0) / (rates.get(reference) ?? 1);
    for (const way of ['ours, one by one', 'ours, batches'] as const)
      for (const reference of ['core', 'core, small schema'] as const)
        console.log(`${way}: ${ratio(way, reference).toFixed(1)} times ${reference}`);
    console.log(`\n${sensors} sensors at 1 Hz, a connection each, ${seconds} s`);
    console.log('                          sent   arrived    idle %    p50 ms    p99 ms      lost     gen %');
    for (const way of LIVE) await live(bench, way);
  } finally {
    await bench.close();
  }
}

main().catch((fault) => {
  console.error(fault);
  process.exitCode = 1;
});
