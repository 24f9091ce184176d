import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devicesOf, type Inventory } from '../../lib/inventory/inventory';
import { parseInventory } from '../../lib/inventory/parse';
import { filesOf } from '../../lib/pki/enrol';
import type { KeyPairFiles } from '../../lib/pki/pair-files';
import type { BoardAccount } from '../../lib/simulator/account';
import { InfluxdbServer } from './influxdb';
import { InventoryBroker } from './inventory-broker';
import { freePort } from './mosquitto';
import { TelegrafProcess } from './telegraf';

const SENSORS = ['electrical', 'thermal', 'environmental'];
const ARCHIVE = 'telegraf';
const TOKEN = 'token-of-a-test';
const RETENTION_SECONDS = 90 * 86_400;

/** Boards, the broker with their accounts and rights, Telegraf as it is shipped, and InfluxDB: all for real. */
export class ArchiveChain {
  private constructor(
    readonly inventory: Inventory,
    readonly broker: InventoryBroker,
    readonly influxdb: InfluxdbServer,
    readonly telegraf: TelegrafProcess,
    private readonly secrets: string,
  ) {}

  static async start(boards: number): Promise<ArchiveChain> {
    const text = inventoryOf(boards);
    const secrets = mkdtempSync(join(tmpdir(), 'egiz-secrets-'));
    const [broker, influxdb] = await Promise.all([InventoryBroker.start(text), InfluxdbServer.start()]);
    await setUp(influxdb.url);
    writeFileSync(join(secrets, 'influx_token'), TOKEN, { mode: 0o600 });
    const { certFile, keyFile } = serviceFiles(broker, ARCHIVE);
    const telegraf = await TelegrafProcess.start(
      {
        EGIZ_MQTT_URL: broker.url('service-certificate').replace('mqtts:', 'ssl:'),
        EGIZ_ARCHIVE_ACCOUNT: ARCHIVE,
        EGIZ_TLS_CA: join(broker.pkiDirectory, 'ca.crt'),
        EGIZ_TLS_CERT: certFile,
        EGIZ_TLS_KEY: keyFile,
        EGIZ_INFLUX_URL: influxdb.url,
        EGIZ_SECRETS: secrets,
      },
      `127.0.0.1:${await freePort()}`,
    );
    return new ArchiveChain(parseInventory(text), broker, influxdb, telegraf, secrets);
  }

  /** The accounts of all boards. */
  get boards(): BoardAccount[] {
    return devicesOf(this.inventory).map(
      ({ account, factoryId, equipmentType, equipmentId, sensorType }) => ({
        deviceId: account,
        factoryId,
        equipmentType,
        equipmentId,
        sensorType,
        url: this.broker.url('password'),
        username: account,
        passwordFile: join(this.broker.files.passwordDirectory, account),
        caFile: join(this.broker.pkiDirectory, 'ca.crt'),
      }),
    );
  }

  /** The certificate of a service. */
  serviceFiles(name: string): KeyPairFiles {
    return serviceFiles(this.broker, name);
  }

  /** How many telemetry messages with a later time are stored. */
  async countSince(begin: Date): Promise<number> {
    const rows = await this.query(`${numbers(begin)} |> count() |> group() |> sum()`);
    return Number(rows[0]?.at(-1) ?? 0);
  }

  /** Their numbers, by board. */
  async numbersSince(begin: Date): Promise<Map<string, number[]>> {
    const found = new Map<string, number[]>();
    for (const row of await this.query(`${numbers(begin)} |> keep(columns: ["device_id", "_value"])`)) {
      const [, , , seq = '', board = ''] = row;
      const list = found.get(board) ?? [];
      list.push(Number(seq));
      found.set(board, list);
    }
    return found;
  }

  /** Points that another program writes. */
  async write(lines: string): Promise<void> {
    const response = await fetch(`${this.influxdb.url}/api/v2/write?org=openegiz&bucket=raw`, {
      method: 'POST',
      headers: { authorization: `Token ${TOKEN}` },
      body: lines,
    });
    if (!response.ok) throw new Error(await response.text());
  }

  async query(flux: string): Promise<string[][]> {
    const response = await fetch(`${this.influxdb.url}/api/v2/query?org=openegiz`, {
      method: 'POST',
      headers: {
        authorization: `Token ${TOKEN}`,
        'content-type': 'application/json',
        accept: 'application/csv',
      },
      body: JSON.stringify({ query: flux, dialect: { header: false, annotations: [] } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text
      .split('\r\n')
      .filter((line) => line !== '')
      .map((line) => line.split(','));
  }

  async close(): Promise<void> {
    await this.telegraf.stop('SIGKILL');
    await this.influxdb.close();
    await this.broker.close();
    rmSync(this.secrets, { recursive: true, force: true });
  }
}

function serviceFiles({ pkiDirectory }: InventoryBroker, name: string): KeyPairFiles {
  return filesOf(pkiDirectory, { kind: 'service', name });
}

async function setUp(url: string): Promise<void> {
  const post = async (path: string, body: object): Promise<unknown> => {
    const headers = { authorization: `Token ${TOKEN}` };
    const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), headers });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  };
  const account = { username: 'admin', password: 'password-of-a-test', token: TOKEN };
  const first = { org: 'openegiz', bucket: 'raw', retentionPeriodSeconds: RETENTION_SECONDS };
  const { org } = (await post('/api/v2/setup', { ...account, ...first })) as { org: { id: string } };
  await post('/api/v2/buckets', { orgID: org.id, name: 'dead_letter', retentionRules: [] });
}

/** Every telemetry message has one point with `seq`, whatever it measures. */
function numbers(begin: Date): string {
  return `from(bucket: "raw") |> range(start: ${begin.toISOString()})
    |> filter(fn: (r) => r._field == "seq" and r._measurement =~ /^(${SENSORS.join('|')})$/)`;
}

function inventoryOf(boards: number): string {
  const equipment = Array.from({ length: Math.ceil(boards / SENSORS.length) }, (_, index) => ({
    id: `oven-${index}`,
    type: 'oven',
    devices: SENSORS.slice(0, boards - index * SENSORS.length).map((sensor) => ({
      id: `board-${index}-${sensor}`,
      sensor,
    })),
  }));
  return JSON.stringify({
    tenants: [{ id: 'plant' }],
    factories: [{ id: 'factory-a', tenant: 'plant', equipment }],
    services: [
      { id: ARCHIVE, role: 'archive' },
      { id: 'core', role: 'core' },
    ],
  });
}
