import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sensorTelemetryTopic } from '../../lib/topics/sensors';
import type { ArchiveChain } from '../../test/support/archive-chain';
import { compile } from './fleet';
import { cpuOf, cpuOfAll } from './run';

/** What came of one rate. */
export interface Burst {
  readonly sent: number;
  readonly notSent: number;
  /** In the database when the last message had been sent, and in the end. */
  readonly storedInTime: number;
  readonly stored: number;
  readonly seconds: number;
  /** Seconds of messages that were not readable yet. */
  readonly behindAtHalf: number;
  readonly behindAtEnd: number;
  /** Seconds of processor time, until everything was stored. */
  readonly cpu: Readonly<Record<'broker' | 'telegraf' | 'influxdb' | 'generator', number>>;
  /** The same of everybody else on the machine while messages came. */
  readonly others: number;
}

interface Sent {
  readonly sent: number;
  readonly notSent: number;
  readonly seconds: number;
  /** Cores. */
  readonly generatorCpu: number;
}

/** Spread over all boards, which send one after the other. */
const PROBES = '/^oven-[0-9]*0$/';
const DRAIN_MS = 60_000;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Plays the boards of an archive chain by the generator in C. */
export class ArchiveLoad {
  private readonly directory = mkdtempSync(join(tmpdir(), 'egiz-bench-archive-'));
  private readonly generator = compile(this.directory);
  private readonly accounts = join(this.directory, 'accounts.txt');

  constructor(private readonly chain: ArchiveChain) {
    const lines = chain.boards.map((board) => {
      const password = readFileSync(board.passwordFile ?? '', 'utf8').trim();
      return `${board.username} ${password} ${sensorTelemetryTopic(board)}\n`;
    });
    // Nobody subscribes here: the first line is the account that only connects.
    const [first = ''] = lines;
    writeFileSync(this.accounts, [first.replace(/\S+\n$/, '-\n'), ...lines.slice(1)].join(''), {
      mode: 0o600,
    });
  }

  async burst(rate: number, seconds: number): Promise<Burst> {
    const begin = new Date();
    const sending = this.send(rate, seconds);
    await sending.publishing;
    const [before, busyBefore] = [this.cpu(), cpuOfAll()];
    await sleep((1000 * seconds) / 2);
    const behindAtHalf = seconds / 2 - (await this.chain.countSince(begin)) / rate;
    await sending.published;
    const [storedInTime, busy, atEnd] = [
      await this.chain.countSince(begin),
      cpuOfAll() - busyBefore,
      this.cpu(),
    ];
    const { sent, notSent, seconds: took, generatorCpu } = await sending.done;
    const stored = await this.drained(begin, sent);
    const cpu = difference(this.cpu(), before);
    const generator = generatorCpu * took;
    const inTime = difference(atEnd, before);
    const others = busy - generator - inTime.broker - inTime.telegraf - inTime.influxdb;
    const behindAtEnd = (sent - storedInTime) / rate;
    return {
      sent,
      notSent,
      storedInTime,
      stored,
      seconds: took,
      behindAtHalf,
      behindAtEnd,
      cpu: { ...cpu, generator },
      others,
    };
  }

  /** Milliseconds from the time in a message until a query has found it. */
  async latencies(rate: number, seconds: number): Promise<number[]> {
    const sending = this.send(rate, seconds);
    await sending.publishing;
    const found: number[] = [];
    const newest = new Map<string, string>();
    for (const end = Date.now() + 1000 * seconds; Date.now() < end; ) {
      const rows = await this.chain.query(`from(bucket: "raw") |> range(start: -20s)
        |> filter(fn: (r) => r._measurement != "status" and r._field == "seq" and r.equipment_id =~ ${PROBES}) |> last()
        |> keep(columns: ["device_id", "_time"])`);
      const now = Date.now();
      for (const [, , , one = '', other = ''] of rows) {
        const [device, time] = one.startsWith('board-') ? [one, other] : [other, one];
        const before = newest.get(device);
        newest.set(device, time);
        if (before !== undefined && before !== time) found.push(now - Date.parse(time));
      }
      await sleep(5);
    }
    await sending.done;
    return found;
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private send(rate: number, seconds: number) {
    const url = new URL(this.chain.broker.url('password'));
    const ca = join(this.chain.broker.pkiDirectory, 'ca.crt');
    const spread = 2;
    const numbers = [1, spread, rate, seconds].map(String);
    const child = spawn(this.generator, [url.port, ca, this.accounts, ...numbers, 'telemetry'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return {
      publishing: said(child, 'publishing'),
      published: said(child, 'published'),
      done: outcome(child),
    };
  }

  private async drained(begin: Date, sent: number): Promise<number> {
    for (const end = Date.now() + DRAIN_MS; ; await sleep(250)) {
      const stored = await this.chain.countSince(begin);
      if (stored >= sent || Date.now() > end) return stored;
    }
  }

  private cpu() {
    const { broker, telegraf, influxdb } = this.chain;
    return { broker: cpuOf(broker.pid), telegraf: cpuOf(telegraf.pid), influxdb: cpuOf(influxdb.pid) };
  }
}

type Cpu = ReturnType<ArchiveLoad['cpu']>;

function difference(after: Cpu, before: Cpu): Cpu {
  return {
    broker: after.broker - before.broker,
    telegraf: after.telegraf - before.telegraf,
    influxdb: after.influxdb - before.influxdb,
  };
}

/** Resolves when the generator says the word on its error output. */
function said(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes(word)) resolve();
    });
  });
}

function outcome(child: ChildProcess): Promise<Sent> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as Sent);
      else reject(new Error(`the generator ended with ${code}: ${output}`));
    });
  });
}
