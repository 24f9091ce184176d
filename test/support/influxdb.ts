import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideInfluxdb } from '../../lib/programs/provide';
import { freePort } from './mosquitto';
import { RunningProgram } from './program';

const ORG = 'openegiz';
const TOKEN = 'token-of-a-test';

/** An InfluxDB 2 of its own, set up with the organisation and the bucket `raw`. */
export class InfluxServer {
  private constructor(
    private readonly program: RunningProgram,
    private readonly directory: string,
    /** HOST:PORT */
    readonly target: string,
  ) {}

  static async start(): Promise<InfluxServer> {
    const directory = mkdtempSync(join(tmpdir(), 'egiz-influx-'));
    const target = `127.0.0.1:${await freePort()}`;
    const program = await RunningProgram.start({
      command: await provideInfluxdb(() => undefined),
      args: [
        `--bolt-path=${join(directory, 'influxd.bolt')}`,
        `--sqlite-path=${join(directory, 'influxd.sqlite')}`,
        `--engine-path=${join(directory, 'engine')}`,
        `--http-bind-address=${target}`,
        '--reporting-disabled',
      ],
      readyUrl: `http://${target}/ping`,
    });
    const server = new InfluxServer(program, directory, target);
    const account = {
      username: 'admin',
      password: 'password-of-a-test',
      org: ORG,
      bucket: 'raw',
      token: TOKEN,
    };
    await server.post('/api/v2/setup', JSON.stringify(account));
    return server;
  }

  /** @param lines line protocol */
  async write(bucket: string, lines: readonly string[]): Promise<void> {
    await this.post(`/api/v2/write?org=${ORG}&bucket=${bucket}`, lines.join('\n'));
  }

  /** @returns annotated CSV, without tables: empty */
  async query(flux: string): Promise<string> {
    return this.post(`/api/v2/query?org=${ORG}`, flux, 'application/vnd.flux');
  }

  async createBucket(name: string): Promise<void> {
    const { orgs } = JSON.parse(await this.call('/api/v2/orgs')) as { orgs: readonly { id: string }[] };
    await this.post('/api/v2/buckets', JSON.stringify({ orgID: orgs[0]?.id, name, retentionRules: [] }));
  }

  /** @param flux with its `option task` */
  async createTask(flux: string): Promise<void> {
    await this.post('/api/v2/tasks', JSON.stringify({ org: ORG, flux }));
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private post(path: string, body: string, type = 'application/json'): Promise<string> {
    return this.call(path, { method: 'POST', body, headers: { 'content-type': type } });
  }

  private async call(path: string, init: RequestInit = {}): Promise<string> {
    const headers = { ...init.headers, authorization: `Token ${TOKEN}`, accept: 'application/csv' };
    const response = await fetch(`http://${this.target}${path}`, { ...init, headers });
    const answer = await response.text();
    if (!response.ok) throw new Error(`InfluxDB, ${path.split('?')[0]}: ${answer}`);
    return answer;
  }
}
