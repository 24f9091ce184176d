import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InfluxdbServer } from './influxdb';

const ORG = 'openegiz';
const TOKEN = 'token-of-a-test';

/** An InfluxDB 2 with the organisation and the buckets of the archive, and a token that may do everything. */
export class PreparedInfluxdb {
  private telegrafId = '';

  private constructor(private readonly server: InfluxdbServer) {}

  static async start(): Promise<PreparedInfluxdb> {
    const influxdb = new PreparedInfluxdb(await InfluxdbServer.start());
    const account = { username: 'admin', password: 'password-of-a-test', token: TOKEN };
    await influxdb.post('/api/v2/setup', { ...account, org: ORG, bucket: 'raw' });
    for (const bucket of ['downsampled', 'dead_letter']) await influxdb.createBucket(bucket);
    await influxdb.admitTelegraf();
    return influxdb;
  }

  get url(): string {
    return this.server.url;
  }

  /** HOST:PORT */
  get target(): string {
    return new URL(this.url).host;
  }

  /** As telegraf/telegraf.conf wants it. */
  get secretsDirectory(): string {
    return join(this.server.directory, 'secrets');
  }

  /** @param lines line protocol */
  async write(bucket: string, lines: readonly string[]): Promise<void> {
    await this.call(`/api/v2/write?org=${ORG}&bucket=${bucket}`, { method: 'POST', body: lines.join('\n') });
  }

  /** @returns the rows of the answer, without the head of each table */
  async query(flux: string): Promise<readonly string[]> {
    const body = { query: flux, dialect: { header: false, annotations: [] } };
    return (await this.post(`/api/v2/query?org=${ORG}`, body)).split('\r\n').filter((line) => line !== '');
  }

  /** @param flux with its `option task` */
  async createTask(flux: string): Promise<void> {
    await this.post('/api/v2/tasks', { org: ORG, flux });
  }

  /** The token of Telegraf counts for nothing any more. */
  async revokeTelegraf(): Promise<void> {
    await this.call(`/api/v2/authorizations/${this.telegrafId}`, { method: 'DELETE' });
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }

  async close(): Promise<void> {
    await this.server.close();
  }

  private async createBucket(name: string): Promise<void> {
    await this.post('/api/v2/buckets', { orgID: await this.orgId(), name, retentionRules: [] });
  }

  private async admitTelegraf(): Promise<void> {
    const permissions = [{ action: 'write', resource: { type: 'buckets' } }];
    const answer = await this.post('/api/v2/authorizations', { orgID: await this.orgId(), permissions });
    const { id, token } = JSON.parse(answer) as { readonly id: string; readonly token: string };
    this.telegrafId = id;
    mkdirSync(this.secretsDirectory);
    writeFileSync(join(this.secretsDirectory, 'influx_token'), token, { mode: 0o600 });
  }

  private async orgId(): Promise<string> {
    const { orgs } = JSON.parse(await this.call('/api/v2/orgs')) as { orgs: readonly { id: string }[] };
    return orgs[0]?.id ?? '';
  }

  private post(path: string, body: object): Promise<string> {
    const headers = { 'content-type': 'application/json', accept: 'application/csv' };
    return this.call(path, { method: 'POST', body: JSON.stringify(body), headers });
  }

  private async call(path: string, init: RequestInit = {}): Promise<string> {
    const headers = { ...init.headers, authorization: `Token ${TOKEN}` };
    const response = await fetch(`${this.url}${path}`, { ...init, headers });
    const answer = await response.text();
    if (!response.ok) throw new Error(`InfluxDB, ${path.split('?')[0]}: ${answer}`);
    return answer;
  }
}
