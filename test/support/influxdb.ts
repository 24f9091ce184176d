import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideInfluxdb } from '../../lib/programs/provide';
import { delay } from './mosquitto';
import { freePort } from './ports';

const START_TIMEOUT_MS = 60_000;

/** An InfluxDB 2 of its own for one test, with its data in a directory of its own. */
export class InfluxdbServer {
  readonly directory = mkdtempSync(join(tmpdir(), 'egiz-influxdb-'));
  private child: ChildProcess | undefined;
  private output = '';

  private constructor(
    private readonly program: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<InfluxdbServer> {
    const server = new InfluxdbServer(await provideInfluxdb(console.log), await freePort());
    await server.run();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts it, or starts it again with the data it had. */
  async run(): Promise<void> {
    const at = (name: string) => join(this.directory, name);
    const child = spawn(
      this.program,
      [
        ...['--http-bind-address', `127.0.0.1:${this.port}`],
        ...['--bolt-path', at('influxd.bolt'), '--sqlite-path', at('influxd.sqlite')],
        ...['--engine-path', at('engine'), '--reporting-disabled', '--log-level', 'warn'],
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: this.directory,
        env: { ...process.env, HOME: this.directory },
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
      throw new Error(`InfluxDB did not start:\n${this.output}`);
    }
  }

  private async answers(): Promise<boolean> {
    return fetch(`${this.url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** SIGTERM unless told otherwise, and waits. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await gone;
  }

  async close(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
