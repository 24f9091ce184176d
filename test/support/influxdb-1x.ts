import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../../lib/programs/cache';
import { delay } from './mosquitto';
import { freePort } from './ports';

const START_TIMEOUT_MS = 30_000;
const ADMIN = 'administrator';

/** What a query of InfluxDB 1 is answered with: of each statement its series, or what is wrong with it. */
export interface QueryAnswer {
  readonly results: readonly {
    readonly error?: string;
    readonly series?: readonly {
      readonly name: string;
      readonly columns: readonly string[];
      readonly values: readonly (readonly (string | number | boolean | null)[])[];
    }[];
  }[];
}

/** Debian's InfluxDB 1.6, the nearest to 1.8 that is packaged, with an administrator and data of its own. */
export class InfluxdbServer1x {
  readonly directory = mkdtempSync(join(tmpdir(), 'egiz-influxdb-1x-'));
  private child: ChildProcess | undefined;
  private output = '';

  private constructor(private readonly port: number) {}

  static async start(): Promise<InfluxdbServer1x> {
    const server = new InfluxdbServer1x(await freePort());
    await server.run(unpacked(), await freePort());
    await server.query(`CREATE USER ${ADMIN} WITH PASSWORD '${ADMIN}' WITH ALL PRIVILEGES`);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async query(text: string, user = ADMIN, password = ADMIN): Promise<QueryAnswer> {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const body = new URLSearchParams({ q: text });
    const answer = await fetch(`${this.url}/query`, { method: 'POST', headers: { authorization }, body });
    const content = (await answer.json()) as QueryAnswer & { error?: string };
    if (content.error !== undefined) throw new Error(content.error);
    return content;
  }

  private async run(program: string, rpcPort: number): Promise<void> {
    const at = (name: string) => join(this.directory, name);
    const env = {
      ...process.env,
      INFLUXDB_REPORTING_DISABLED: 'true',
      INFLUXDB_BIND_ADDRESS: `127.0.0.1:${rpcPort}`,
      INFLUXDB_HTTP_BIND_ADDRESS: `127.0.0.1:${this.port}`,
      INFLUXDB_HTTP_AUTH_ENABLED: 'true',
      INFLUXDB_META_DIR: at('meta'),
      INFLUXDB_DATA_DIR: at('data'),
      INFLUXDB_DATA_WAL_DIR: at('wal'),
    };
    const child = spawn(program, ['-config', '/dev/null'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.directory,
      env,
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString()).slice(-100_000);
      });
    }
    for (const end = Date.now() + START_TIMEOUT_MS; !(await this.answers()); await delay(100)) {
      if (child.exitCode !== null || Date.now() > end)
        throw new Error(`InfluxDB 1 did not start:\n${this.output}`);
    }
  }

  private async answers(): Promise<boolean> {
    return fetch(`${this.url}/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async close(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/**
 * The package unpacked once into the user's cache: installed it would run as a service of the machine, on the port of
 * InfluxDB 2.
 */
function unpacked(): string {
  const directory = join(cacheDirectory(process.env), 'debian-influxdb-1');
  const program = join(directory, 'usr', 'bin', 'influxd');
  if (existsSync(program)) return program;
  mkdirSync(dirname(directory), { recursive: true, mode: 0o700 });
  const workshop = mkdtempSync(`${directory}.`);
  try {
    if (!download(workshop)) {
      spawnSync('apt-get', ['update', '-qq']);
      if (!download(workshop)) throw new Error('apt-get download influxdb failed: is this Debian 12?');
    }
    const [archive = ''] = readdirSync(workshop).filter((name) => name.endsWith('.deb'));
    const root = join(workshop, 'root');
    const { status, stderr } = spawnSync('dpkg', ['-x', join(workshop, archive), root], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`dpkg -x ${archive} failed: ${stderr}`);
    // Another run may have been faster; its result is the same.
    if (!existsSync(program)) renameSync(root, directory);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  return program;
}

function download(into: string): boolean {
  return spawnSync('apt-get', ['download', 'influxdb'], { cwd: into }).status === 0;
}
