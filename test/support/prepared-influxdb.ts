import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../../lib/archive/csv';
import { Influx } from '../../lib/archive/influx';
import { ARCHIVE_ORG, type TokenName, tokenFile } from '../../lib/archive/layout';
import { setUpArchive } from '../../lib/archive/setup';
import { InfluxdbServer } from './influxdb';

/** An InfluxDB 2 as `openegiz archive setup` leaves it. */
export class PreparedInfluxdb {
  private constructor(
    private readonly server: InfluxdbServer,
    /** The files of the tokens, and one as telegraf/telegraf.conf wants it. */
    readonly secretsDirectory: string,
  ) {}

  static async start(): Promise<PreparedInfluxdb> {
    const server = await InfluxdbServer.start();
    const directory = join(server.directory, 'secrets');
    const { tokens } = await setUpArchive({ url: server.url, directory });
    copyFileSync(tokens.telegraf, join(directory, 'influx_token'));
    return new PreparedInfluxdb(server, directory);
  }

  get url(): string {
    return this.server.url;
  }

  /** HOST:PORT */
  get target(): string {
    return new URL(this.url).host;
  }

  /** @param lines line protocol */
  async write(bucket: string, lines: readonly string[]): Promise<void> {
    await this.as('admin').write(ARCHIVE_ORG, bucket, lines.join('\n'));
  }

  /** Asked as Grafana asks, with its rights. */
  async query(flux: string): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for await (const row of this.as('grafana').query(ARCHIVE_ORG, flux)) rows.push(row);
    return rows;
  }

  /** @param flux with its `option task` */
  async createTask(flux: string): Promise<void> {
    await this.as('admin').call('POST', '/api/v2/tasks', { org: ARCHIVE_ORG, flux });
  }

  /** The token counts for nothing any more. */
  async revoke(name: TokenName): Promise<void> {
    const admin = this.as('admin');
    const { authorizations } = await admin.call<{ authorizations: { id: string; description: string }[] }>(
      'GET',
      '/api/v2/authorizations',
    );
    const found = authorizations.find(({ description }) => description === `openegiz ${name}`);
    await admin.call('DELETE', `/api/v2/authorizations/${found?.id}`);
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }

  async close(): Promise<void> {
    await this.server.close();
  }

  private as(name: TokenName | 'admin'): Influx {
    const token = readFileSync(tokenFile(this.secretsDirectory, name), 'utf8').trim();
    return new Influx({ url: this.url, token });
  }
}
