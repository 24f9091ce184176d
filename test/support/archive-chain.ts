import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Influx } from '../../lib/archive/influx';
import { tokenFile } from '../../lib/archive/layout';
import { setUpArchive } from '../../lib/archive/setup';
import { devicesOf, type Inventory } from '../../lib/inventory/inventory';
import { parseInventory } from '../../lib/inventory/parse';
import { filesOf } from '../../lib/pki/enrol';
import type { KeyPairFiles } from '../../lib/pki/pair-files';
import type { BoardAccount } from '../../lib/simulator/account';
import { InfluxdbServer } from './influxdb';
import { InventoryBroker } from './inventory-broker';
import { freePort } from './ports';
import { TelegrafProcess } from './telegraf';

const SENSORS = ['electrical', 'thermal', 'environmental'];
const ARCHIVE = 'telegraf';

/** Boards, the broker with their accounts and rights, Telegraf as it is shipped, and InfluxDB: all for real. */
export class ArchiveChain {
  private constructor(
    readonly inventory: Inventory,
    readonly broker: InventoryBroker,
    readonly influxdb: InfluxdbServer,
    readonly telegraf: TelegrafProcess,
    /** Where `openegiz archive setup` has put its tokens. */
    readonly secrets: string,
  ) {}

  private get adminToken(): string {
    return readFileSync(tokenFile(this.secrets, 'admin'), 'utf8').trim();
  }

  /** InfluxDB with every right, as another program may have it. */
  get admin(): Influx {
    return new Influx({ url: this.influxdb.url, token: this.adminToken });
  }

  static async start(boards: number): Promise<ArchiveChain> {
    const text = inventoryOf(boards);
    const secrets = mkdtempSync(join(tmpdir(), 'egiz-secrets-'));
    const [broker, influxdb] = await Promise.all([InventoryBroker.start(text), InfluxdbServer.start()]);
    try {
      const telegraf = await startTelegraf(broker, influxdb, secrets);
      return new ArchiveChain(parseInventory(text), broker, influxdb, telegraf, secrets);
    } catch (fault) {
      await Promise.all([influxdb.close(), broker.close()]);
      rmSync(secrets, { recursive: true, force: true });
      throw fault;
    }
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

  /** When a board has measured the message with this number. */
  async timeOf(deviceId: string, seq: number, begin: Date): Promise<Date> {
    const one = `r.device_id == "${deviceId}" and r._value == ${seq}`;
    const [row] = await this.query(
      `${numbers(begin)} |> filter(fn: (r) => ${one}) |> keep(columns: ["_time"])`,
    );
    if (row === undefined) throw new Error(`message ${seq} of ${deviceId} is not stored`);
    return new Date(row.at(-1) ?? '');
  }

  /** Deletes what a board has measured from one time up to another, both included. */
  async remove(deviceId: string, from: Date, to: Date): Promise<void> {
    const period = { start: from.toISOString(), stop: to.toISOString() };
    const predicate = `device_id="${deviceId}"`;
    await this.admin.call('POST', '/api/v2/delete?org=openegiz&bucket=raw', { ...period, predicate });
  }

  async query(flux: string): Promise<string[][]> {
    const response = await fetch(`${this.influxdb.url}/api/v2/query?org=openegiz`, {
      method: 'POST',
      headers: {
        authorization: `Token ${this.adminToken}`,
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

async function startTelegraf(
  broker: InventoryBroker,
  influxdb: InfluxdbServer,
  secrets: string,
): Promise<TelegrafProcess> {
  const { tokens } = await setUpArchive({ url: influxdb.url, directory: secrets });
  copyFileSync(tokens.telegraf, join(secrets, 'influx_token'));
  const { certFile, keyFile } = serviceFiles(broker, ARCHIVE);
  return TelegrafProcess.start(
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
}

function serviceFiles({ pkiDirectory }: InventoryBroker, name: string): KeyPairFiles {
  return filesOf(pkiDirectory, { kind: 'service', name });
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
