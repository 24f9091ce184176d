import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ROOT } from '../../test/support/node-red';
import { UserDirectoryFixture } from '../../test/support/node-red-process';
import { pinned } from '../load/fleet';
import { ended } from '../load/run';
import { type BrokerPlace, flowOf, schemaOf, type Way } from './flows';

/** What the runtime tells of itself. */
export interface Progress {
  /** Messages that have reached the end of the flow. */
  readonly count: number;
  /** Those after the warming up. */
  readonly measured: number;
  /** Seconds that these took. */
  readonly seconds: number;
  /** Seconds of processor time in these. */
  readonly cpu: number;
  /** What our node has told each second while messages came. */
  readonly figures?: readonly {
    readonly latencyMs: { readonly p50: number; readonly p99: number };
    readonly total: { readonly lost: number };
  }[];
}

/** Messages that come while the runtime still compiles what it does with them. */
const WARM_UP = 20_000;

/** Told twice a second while messages come. */
const COUNTER = `
let count = 0, begin, cpu, told = 0, figures = [];
const tell = () => {
  if (count === told) return;
  told = count;
  const { user, system } = process.cpuUsage(cpu);
  const measured = count - warm;
  console.log('BENCH ' + JSON.stringify({ count, measured, seconds: (last - begin) / 1e3, cpu: (user + system) / 1e6, figures }));
};
let last = 0, warm = 0;
const counted = (by) => {
  last = performance.now();
  if (count === 0) setInterval(tell, 500).unref();
  count += by;
  if (warm === 0 && count >= ${WARM_UP}) {
    begin = last;
    warm = count;
    cpu = process.cpuUsage();
  }
};`;

/** Node-RED with one flow on one core, which says how far it has come. */
export class BenchNodeRed {
  readonly #fixture: UserDirectoryFixture;
  readonly #child: ReturnType<typeof pinned>;
  progress: Progress = { count: 0, measured: 0, seconds: 0, cpu: 0 };
  output = '';

  constructor(way: Way, place: BrokerPlace, core: number) {
    this.#fixture = new UserDirectoryFixture(flowOf(way, place));
    const settings = `${this.#fixture.path}/settings.js`;
    writeFileSync(
      settings,
      `${COUNTER}
const functionGlobalContext = { counted, figures: (value) => { if (value.latencyMs !== null) figures.push(value); }, schema: ${JSON.stringify(schemaOf(way))} };
module.exports = { flowFile: 'flows.json', httpAdminRoot: false, httpNodeRoot: false, uiHost: '127.0.0.1', uiPort: 0,
  credentialSecret: 'bench', functionGlobalContext, logging: { console: { level: 'info' } } };`,
    );
    const script = `${ROOT}/node_modules/node-red/red.js`;
    this.#child = pinned(core, [process.execPath, script, '-s', settings, '-u', this.#fixture.path]);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (line.startsWith('BENCH ')) this.progress = JSON.parse(line.slice(6)) as Progress;
        else this.output = `${this.output}${line}\n`.slice(-4_000);
      });
    }
  }

  get alive(): boolean {
    return this.#child.exitCode === null;
  }

  async stop(): Promise<void> {
    await ended(this.#child);
    this.#fixture.remove();
  }
}
