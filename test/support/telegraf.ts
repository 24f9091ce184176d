import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { provideTelegraf } from '../../lib/programs/provide';
import { delay } from './mosquitto';
import { ROOT } from './node-red';

const START_TIMEOUT_MS = 30_000;

/** telegraf/telegraf.conf as it is shipped, run with the environment it asks for. */
export class TelegrafProcess {
  output = '';
  private child: ChildProcess | undefined;

  private constructor(
    private readonly program: string,
    private readonly environment: Readonly<Record<string, string>>,
    /** Where its own metrics are, as soon as it runs. */
    readonly metricsUrl: string,
    /** Configuration beside the shipped one. */
    private readonly further: readonly string[],
  ) {}

  static async start(
    environment: Readonly<Record<string, string>>,
    metrics: string,
    further: readonly string[] = [],
  ): Promise<TelegrafProcess> {
    const program = await provideTelegraf(console.log);
    const variables = { ...environment, EGIZ_ARCHIVE_METRICS: metrics };
    const telegraf = new TelegrafProcess(program, variables, `http://${metrics}/metrics`, further);
    await telegraf.run();
    return telegraf;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  async run(): Promise<void> {
    const files = [join(ROOT, 'telegraf/telegraf.conf'), ...this.further];
    const child = spawn(
      this.program,
      files.flatMap((file) => ['--config', file]),
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          EGIZ_ARCHIVE_SCRIPT: join(ROOT, 'telegraf/archive.star'),
          ...this.environment,
        },
      },
    );
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString()).slice(-100_000);
      });
    }
    for (const end = Date.now() + START_TIMEOUT_MS; !(await this.answers()); await delay(100)) {
      if (child.exitCode === null && Date.now() < end) continue;
      await this.stop('SIGKILL');
      throw new Error(`Telegraf did not start:\n${this.output}`);
    }
  }

  /** The value of one of its own metrics, summed over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(this.metricsUrl)).text();
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  private async answers(): Promise<boolean> {
    return fetch(this.metricsUrl).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await gone;
  }
}
