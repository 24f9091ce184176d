import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { parseInventory } from '../../lib/inventory/parse';
import { developmentPki } from '../../lib/pki/directory';
import { publishCode, subscribeCode } from './account-client';
import { Exporter, WELL } from './exporter';
import type { Target } from './monitoring';
import { freePort } from './mosquitto';
import { ROOT } from './node-red';
import { PreparedInfluxdb } from './prepared-influxdb';
import { WatchedBroker } from './watched-broker';

const INVENTORY = parseInventory(readFileSync(join(ROOT, 'sample/inventory.yaml'), 'utf8'));
const OVEN = 'openegiz/factory-a/oven/oven-001';
const CLIENTS = ['press-line-1', 'press-line-2', 'paint-shop', 'andon-1'].map((id) => `acme.${id}`);
/** For a quick test the broker holds this many messages for a client that is away. */
const MAX_QUEUED = 11_000;
const DAY_MS = 86_400_000;

/** A task of InfluxDB that can only fail. */
const FAILING_TASK = `option task = {name: "failing", every: 1s}
from(bucket: "there is none") |> range(start: -1m)`;

/** A plant in which things can be made to fail: brokers with their Telegrafs and InfluxDB for real. */
export class FaultyPlant {
  private constructor(
    /** As shipped. */
    readonly main: WatchedBroker,
    /** Without the guard. */
    readonly bare: WatchedBroker,
    /** Without `$SYS` of Mosquitto's own, with no room for its audit log, and nobody where its certificate should be. */
    readonly mute: WatchedBroker,
    readonly influx: PreparedInfluxdb,
    readonly nodeRed: Exporter,
    readonly archive: Exporter,
    readonly auditor: Exporter,
    private readonly directory: string,
  ) {}

  static async start(): Promise<FaultyPlant> {
    const directory = mkdtempSync(join(tmpdir(), 'egiz-faulty-'));
    const [main, bare, mute, influx, nodeRed, archive, auditor] = await Promise.all([
      WatchedBroker.start(INVENTORY, {
        conf: (text) => text.replace(/^max_queued_messages .*$/m, `max_queued_messages ${MAX_QUEUED}`),
      }),
      WatchedBroker.start(INVENTORY, { conf: withoutGuard }),
      WatchedBroker.start(INVENTORY, {
        conf: (text) =>
          text
            .replace(/^sys_interval .*$/m, 'sys_interval 0')
            .replace(
              /audit_file .*$/m,
              `audit_file ${fullLog(directory)}\nplugin_opt_audit_max_bytes 65536\nplugin_opt_audit_keep 1`,
            ),
        certificateAddress: `127.0.0.1:${await freePort()}`,
      }),
      PreparedInfluxdb.start(),
      Exporter.start(WELL['node-red']),
      Exporter.start(WELL.archive),
      Exporter.start(WELL.auditor),
    ]);
    return new FaultyPlant(main, bare, mute, influx, nodeRed, archive, auditor, directory);
  }

  get targets(): readonly Target[] {
    return [
      { job: 'broker', instance: 'main', target: this.main.target },
      { job: 'broker', instance: 'bare', target: this.bare.target },
      { job: 'broker', instance: 'mute', target: this.mute.target },
      { job: 'archive', instance: 'telegraf', target: this.archive.target },
      { job: 'node-red', instance: 'node-red', target: this.nodeRed.target },
      { job: 'auditor', instance: 'auditor', target: this.auditor.target },
      { job: 'influxdb', instance: 'influxdb', target: this.influx.target },
    ];
  }

  /** Clients of the plant, connected and quiet. */
  connectClients(): Promise<readonly MqttClient[]> {
    return Promise.all(CLIENTS.map((account) => this.main.connect(account)));
  }

  async guessPasswords(): Promise<void> {
    for (let guess = 0; guess < 30; guess++)
      await this.main.connect('globex.mill-1', { password: `guess ${guess}` }).catch(() => undefined);
  }

  /** A client that nobody allows what it asks for. */
  async askForTooMuch(): Promise<void> {
    const client = await this.main.connect('globex.mill-2');
    for (let attempt = 0; attempt < 30; attempt++) await subscribeCode(client, `openegiz/${attempt}/#`);
  }

  /** Of one board, all at once; and then it is gone. */
  async publishTelemetry(messages: number): Promise<void> {
    const board = await this.main.connect('esp32-oven001-elec');
    const topic = `${OVEN}/electrical/telemetry`;
    await Promise.all(Array.from({ length: messages }, () => publishCode(board, topic)));
    await board.endAsync();
  }

  /** Two devices with one account, which put each other out. */
  async shareAnAccount(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await this.main.connect('esp32-oven001-therm');
  }

  async comeAndGo(): Promise<void> {
    for (let turn = 0; turn < 100; turn++) await (await this.main.connect('esp32-zonea-amb')).endAsync();
  }

  /** An archive with a session, which then stays away. */
  async leaveASession(): Promise<void> {
    const session = { clientId: 'telegraf-away', clean: false, properties: { sessionExpiryInterval: 600 } };
    const archive = await this.main.connect('telegraf', session);
    await archive.subscribeAsync('openegiz/#', { qos: 1 });
    await archive.endAsync();
  }

  async publish(messages: number): Promise<void> {
    const core = await this.main.connect('egizcore');
    await Promise.all(Array.from({ length: messages }, () => publishCode(core, `${OVEN}/command`)));
    await core.endAsync();
  }

  /** Beside the good ones: certificates that have 10 days left, and 2. */
  async ageCertificates(): Promise<void> {
    const ages: readonly [string, number][] = [
      ['ten-days', 80],
      ['two-days', 88],
    ];
    for (const [name, days] of ages) {
      const now = new Date(Date.now() - days * DAY_MS);
      await developmentPki(join(this.main.broker.pkiDirectory, name), { clients: ['old'], now });
    }
  }

  async failATask(): Promise<void> {
    await this.influx.createTask(FAILING_TASK);
  }

  /** Rights that nobody can read. Returns how they are mended. */
  breakRights(): () => void {
    const { broker } = this.main;
    const file = join(broker.configuration, 'acl');
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, 'nonsense\n');
    broker.reload();
    return () => {
      writeFileSync(file, good);
      broker.reload();
    };
  }

  async close(): Promise<void> {
    const { main, bare, mute, influx, nodeRed, archive, auditor } = this;
    await Promise.all([main, bare, mute, influx, nodeRed, archive, auditor].map((part) => part.close()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** An audit log that has no room, and cannot be moved out of the way. */
function fullLog(directory: string): string {
  const file = join(directory, 'audit.jsonl');
  writeFileSync(file, '\n'.repeat(70_000));
  mkdirSync(join(`${file}.1`, 'occupied'), { recursive: true });
  return file;
}

/** Then Mosquitto itself takes the account from a service's certificate. */
function withoutGuard(conf: string): string {
  return conf
    .replace(/^plugin.*\n/gm, '')
    .replace(/^listener 8885$/m, 'listener 8885\nuse_identity_as_username true');
}
