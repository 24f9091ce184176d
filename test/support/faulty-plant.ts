import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { parseInventory } from '../../lib/inventory/parse';
import { developmentPki } from '../../lib/pki/directory';
import { publishCode, subscribeCode } from './account-client';
import { telemetryPoint } from './archive-points';
import { Exporter, WELL } from './exporter';
import { startArchive, startAuditor, withFullLog, withoutGuard } from './faulty-parts';
import { LiveNodeRed } from './live-node-red';
import type { Target } from './monitoring';
import { ROOT } from './node-red';
import { freePort } from './ports';
import { PreparedInfluxdb } from './prepared-influxdb';
import type { RunningProgram } from './program';
import { thermal } from './telemetry';
import { WatchedBroker } from './watched-broker';

const INVENTORY = parseInventory(readFileSync(join(ROOT, 'sample/inventory.yaml'), 'utf8'));
const OVEN = 'openegiz/factory-a/oven/oven-001';
const BOARDS = {
  'esp32-oven001-elec': `${OVEN}/electrical`,
  'esp32-oven001-therm': `${OVEN}/thermal`,
  'esp32-zonea-amb': 'openegiz/factory-a/environment/zone-a/ambient',
};
type Board = keyof typeof BOARDS;
const CLIENTS = ['press-line-1', 'press-line-2', 'paint-shop', 'andon-1'].map((id) => `acme.${id}`);
/** For a quick test the broker holds this many messages for a client that is away. */
const MAX_QUEUED = 11_000;
const DAY_MS = 86_400_000;

/** A task of InfluxDB that can only fail. */
const FAILING_TASK = `option task = {name: "failing", every: 1s}
from(bucket: "there is none") |> range(start: -1m)`;

interface Parts {
  /** As shipped. */
  readonly main: WatchedBroker;
  /** Without the guard. */
  readonly bare: WatchedBroker;
  /** Without `$SYS` of Mosquitto's own, with no room for its audit log, and nobody where its certificate should be. */
  readonly mute: WatchedBroker;
  readonly influxdb: PreparedInfluxdb;
  /** Archives what the bare broker has. */
  readonly archive: RunningProgram;
  readonly archiveTarget: string;
  /** Follows the boards of the main broker. */
  readonly nodeRed: LiveNodeRed;
  /** Says what another Node-RED would, of things that take long to happen. */
  readonly troubledNodeRed: Exporter;
  readonly auditor: RunningProgram;
  readonly auditorTarget: string;
  /** Says what an auditor would that has hung for an hour. */
  readonly hungAuditor: Exporter;
  readonly directory: string;
}

/** A plant in which things can be made to fail, nearly all of it for real. */
export class FaultyPlant {
  private constructor(readonly parts: Parts) {}

  static async start(): Promise<FaultyPlant> {
    const directory = mkdtempSync(join(tmpdir(), 'egiz-faulty-'));
    const [main, bare, mute, influxdb, troubledNodeRed, hungAuditor] = await Promise.all([
      WatchedBroker.start(INVENTORY, {
        conf: (text) => text.replace(/^max_queued_messages .*$/m, `max_queued_messages ${MAX_QUEUED}`),
      }),
      WatchedBroker.start(INVENTORY, { conf: withoutGuard }),
      WatchedBroker.start(INVENTORY, {
        conf: (text) => withFullLog(text.replace(/^sys_interval .*$/m, 'sys_interval 0'), directory),
        certificateAddress: `127.0.0.1:${await freePort()}`,
      }),
      PreparedInfluxdb.start(),
      Exporter.start(WELL['node-red']),
      Exporter.start(WELL.auditor),
    ]);
    const archiveTarget = `127.0.0.1:${await freePort()}`;
    const auditorPort = await freePort();
    const [archive, auditor, nodeRed] = await Promise.all([
      startArchive(bare, influxdb, archiveTarget, directory),
      startAuditor(influxdb, auditorPort),
      LiveNodeRed.start(main.broker),
    ]);
    const auditorTarget = `127.0.0.1:${auditorPort}`;
    const archiving = { influxdb, archive, archiveTarget, auditor, auditorTarget, hungAuditor };
    return new FaultyPlant({ main, bare, mute, ...archiving, nodeRed, troubledNodeRed, directory });
  }

  get targets(): readonly Target[] {
    const { main, bare, mute, influxdb, archiveTarget, auditorTarget, hungAuditor } = this.parts;
    const { nodeRed, troubledNodeRed } = this.parts;
    return [
      { job: 'broker', instance: 'main', target: main.target },
      { job: 'broker', instance: 'bare', target: bare.target },
      { job: 'broker', instance: 'mute', target: mute.target },
      { job: 'archive', instance: 'telegraf', target: archiveTarget },
      { job: 'node-red', instance: 'node-red', target: nodeRed.target },
      { job: 'node-red', instance: 'troubled', target: troubledNodeRed.target },
      { job: 'auditor', instance: 'auditor', target: auditorTarget },
      { job: 'auditor', instance: 'hung', target: hungAuditor.target },
      { job: 'influxdb', instance: 'influxdb', target: influxdb.target },
    ];
  }

  /** Clients of the plant, connected and quiet. */
  connectClients(): Promise<readonly MqttClient[]> {
    return Promise.all(CLIENTS.map((account) => this.parts.main.connect(account)));
  }

  async guessPasswords(): Promise<void> {
    for (let guess = 0; guess < 30; guess++)
      await this.parts.main.connect('globex.mill-1', { password: `guess ${guess}` }).catch(() => undefined);
  }

  /** A client that nobody allows what it asks for. */
  async askForTooMuch(): Promise<void> {
    const client = await this.parts.main.connect('globex.mill-2');
    for (let attempt = 0; attempt < 30; attempt++) await subscribeCode(client, `openegiz/${attempt}/#`);
  }

  /** Of one board, all at once; and then it is gone. */
  async publishTelemetry(messages: number): Promise<void> {
    const board = await this.parts.main.connect('esp32-oven001-elec');
    const topic = `${OVEN}/electrical/telemetry`;
    await Promise.all(Array.from({ length: messages }, () => publishCode(board, topic)));
    await board.endAsync();
  }

  /** Two devices with one account, which put each other out. */
  async shareAnAccount(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await this.parts.main.connect('esp32-oven001-therm');
  }

  /** Measurements that come late, five of them never. */
  async loseTelemetry(): Promise<void> {
    const board = await this.parts.main.connect('esp32-oven001-therm');
    const timestamp = new Date(Date.now() - 3_000).toISOString();
    for (const seq of [1, 2, 8]) {
      const payload = JSON.stringify({ ...thermal(seq), timestamp });
      await publishCode(board, `${OVEN}/thermal/telemetry`, payload);
    }
    await board.endAsync();
  }

  async comeAndGo(): Promise<void> {
    for (let turn = 0; turn < 100; turn++)
      await (await this.parts.main.connect('esp32-zonea-amb')).endAsync();
  }

  /** An archive with a session, which then stays away. */
  async leaveASession(): Promise<void> {
    const session = { clientId: 'telegraf-away', clean: false, properties: { sessionExpiryInterval: 600 } };
    const archive = await this.parts.main.connect('telegraf', session);
    await archive.subscribeAsync('openegiz/#', { qos: 1 });
    await archive.endAsync();
  }

  async publish(messages: number, broker = this.parts.main): Promise<void> {
    const core = await broker.connect('egizcore');
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
      await developmentPki(join(this.parts.main.broker.pkiDirectory, name), { clients: ['old'], now });
    }
  }

  async failATask(): Promise<void> {
    await this.parts.influxdb.createTask(FAILING_TASK);
  }

  /** Rights that nobody can read. Returns how they are mended. */
  breakRights(): () => void {
    const { broker } = this.parts.main;
    const file = join(broker.configuration, 'acl');
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, 'nonsense\n');
    broker.reload();
    return () => {
      writeFileSync(file, good);
      broker.reload();
    };
  }

  /** Says that a board is there, or gone, as it would itself. */
  async sayStatus(board: Board, ...states: readonly ('online' | 'offline')[]): Promise<void> {
    const client = await this.parts.main.connect(board);
    for (const status of states) {
      const payload = { device_id: board, status, timestamp: new Date().toISOString() };
      await publishCode(client, `${BOARDS[board]}/status`, JSON.stringify(payload));
    }
    await client.endAsync();
  }

  /** Measurements that InfluxDB must refuse, since the field has another type there already. */
  async provokeConflict(): Promise<void> {
    const { bare, influxdb } = this.parts;
    await influxdb.write('raw', ['environmental,device_id=another humidity="wet"']);
    const sample = readFileSync(join(ROOT, 'test/fixtures/prd/environmental.json'), 'utf8');
    const payload = {
      ...JSON.parse(sample),
      device_id: 'esp32-zonea-amb',
      timestamp: new Date().toISOString(),
    };
    const board = await bare.connect('esp32-zonea-amb');
    await publishCode(board, `${BOARDS['esp32-zonea-amb']}/telemetry`, JSON.stringify(payload));
    await board.endAsync();
  }

  /** Messages that are nothing the archive knows. */
  async publishNonsense(messages: number): Promise<void> {
    await this.publish(messages, this.parts.bare);
  }

  /** InfluxDB takes nothing more from Telegraf. */
  async revokeToken(): Promise<void> {
    await this.parts.influxdb.revoke('telegraf');
  }

  /** Of a board's five messages the fourth is missing. */
  async loseAMessage(): Promise<void> {
    const board = { device: 'esp32-lossy' };
    const points = [1, 2, 3, 5].map((seq) => telemetryPoint(board, 1, seq, Date.now() + seq));
    await this.parts.influxdb.write('raw', points);
  }

  /** InfluxDB tells the auditor nothing more. */
  async blindAuditor(): Promise<void> {
    await this.parts.influxdb.revoke('auditor');
  }

  async close(): Promise<void> {
    const { main, bare, mute, influxdb, archive, auditor, directory } = this.parts;
    const { nodeRed, troubledNodeRed, hungAuditor } = this.parts;
    await Promise.all([archive.stop('SIGKILL'), auditor.stop()]);
    const parts = [main, bare, mute, influxdb, nodeRed, troubledNodeRed, hungAuditor];
    await Promise.all(parts.map((part) => part.close()));
    rmSync(directory, { recursive: true, force: true });
  }
}
