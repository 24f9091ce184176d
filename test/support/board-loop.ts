import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildVirtualBoard, virtualBoardPaths } from '../../cli/stack/virtual-board';
import type { ConfigurationSchemas } from '../../lib/commands/schemas';
import { ConfigurationService } from '../../lib/commands/service';
import type { JsonObject } from '../../lib/json/json';
import { type BrokerLinks, connectBroker } from '../../lib/mqtt/broker-links';
import { OutboxPublisher } from '../../lib/outbox/publisher';
import { REPORT_FILTERS, shippedProfiles } from '../../lib/profiles/profiles';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { ClientRecord, CommandRecord } from '../../lib/store/store';
import { order } from './engine';
import { startMosquitto, type TestBroker } from './mosquitto';

export const BOARDS = ['board-elec', 'board-therm'] as const;
export type BoardId = (typeof BOARDS)[number];

const SENSORS: Readonly<Record<BoardId, string>> = { 'board-elec': 'electrical', 'board-therm': 'thermal' };
const EQUIPMENT = { factory_id: 'factory-a', equipment_type: 'oven', equipment_id: 'oven-001' };
/** The service lets everything through: what the board says to it is the question. */
const ANYTHING: ConfigurationSchemas = {
  names: () => ['esp32-sensor/1'],
  has: (name) => name === 'esp32-sensor/1',
  latestFor: () => 'esp32-sensor/1',
  validate: () => [],
};

/** The configuration service and two virtual boards of one equipment on a real Mosquitto with TLS 1.3. */
export class BoardLoop {
  readonly directory = mkdtempSync(join(tmpdir(), 'egiz-boards-'));
  readonly service: ConfigurationService;
  /** What boards have answered, as they put it. */
  readonly answers: JsonObject[] = [];
  readonly #boards = new Map<BoardId, ChildProcess>();
  #links: BrokerLinks | undefined;
  #publisher: OutboxPublisher | undefined;
  #tick: NodeJS.Timeout | undefined;
  #labels = 0;

  private constructor(
    readonly broker: TestBroker,
    readonly program: string,
  ) {
    this.service = new ConfigurationService({
      store: openSqliteStore(join(this.directory, 'store.db')),
      schemas: ANYTHING,
      profiles: shippedProfiles(),
      clock: Date.now,
      random: randomBytes,
    });
  }

  static async start(): Promise<BoardLoop> {
    const program = await buildVirtualBoard(virtualBoardPaths(), () => undefined);
    const accounts = Object.fromEntries(['service', ...BOARDS].map((name) => [name, `${name}-password`]));
    const conf = ['max_queued_messages 1000', 'autosave_interval 1', 'autosave_on_changes true'];
    const loop = new BoardLoop(await startMosquitto({ tls: true, accounts, conf }), program);
    await loop.#startService();
    return loop;
  }

  async #startService(): Promise<void> {
    const { service } = this;
    await service.store.transaction(async (tx) => {
      for (const clientId of BOARDS) {
        const address = `factory-a/oven/oven-001/${SENSORS[clientId]}`;
        const board = { tenantId: 'acme', clientId, type: 'esp32-sensor', profile: 'sensors', address };
        await tx.registerClient({ ...board, labels: {} });
      }
    });
    const links = connectBroker({
      url: this.broker.url,
      role: 'service',
      account: 'service',
      credentials: { username: 'service', password: 'service-password' },
      sessionExpirySeconds: 3600,
    });
    for (const filter of REPORT_FILTERS)
      await links.receiver.subscribe(filter, async (message) => {
        const said = JSON.parse(message.payload.toString('utf8')) as JsonObject;
        if (said.command !== undefined) this.answers.push(said);
        for (const profile of service.profiles) {
          const report = profile.report(message);
          if (report !== undefined) await service.record(report);
        }
      });
    this.#links = links;
    this.#publisher = new OutboxPublisher({
      service,
      outlet: links.publisher,
      owner: 'service',
      random: Math.random,
      onError: (error) => console.error(error),
    });
    this.#publisher.start();
    this.#tick = setInterval(() => void service.tick(), 200);
  }

  get links(): BrokerLinks {
    if (this.#links === undefined) throw new Error('the service is not running');
    return this.#links;
  }

  #flash(id: BoardId): string {
    return join(this.directory, id, 'flash');
  }

  startBoard(id: BoardId): void {
    mkdirSync(join(this.directory, id), { recursive: true });
    const file = join(this.directory, `${id}.json`);
    const password = join(this.directory, `${id}.password`);
    writeFileSync(password, `${id}-password\n`);
    const account = { username: id, passwordFile: password, flashFile: this.#flash(id) };
    const boards = [{ device_id: id, ...EQUIPMENT, sensor_type: SENSORS[id], ...account }];
    writeFileSync(file, JSON.stringify({ url: this.broker.tlsUrl, caFile: this.broker.pki.caFile, boards }));
    this.#boards.set(id, spawn(this.program, ['--config', file], { stdio: ['ignore', 'ignore', 'inherit'] }));
  }

  /** SIGKILL: power is cut. */
  async cutPower(id: BoardId): Promise<void> {
    const child = this.#boards.get(id);
    this.#boards.delete(id);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** As when the board was replaced by a new one. */
  forgetFlash(id: BoardId): void {
    rmSync(join(this.directory, id), { recursive: true });
  }

  async push(clientId: BoardId, settings: JsonObject): Promise<CommandRecord> {
    this.#labels += 1;
    const one = order(settings, { version: `1.0.${this.#labels}` }, { ref: { tenantId: 'acme', clientId } });
    const result = await this.service.push(one);
    if (result.kind !== 'new' || result.acceptance.kind !== 'accepted') throw new Error('not accepted');
    return result.acceptance.command;
  }

  async client(clientId: BoardId): Promise<ClientRecord> {
    const client = await this.service.store.transaction((tx) => tx.client({ tenantId: 'acme', clientId }));
    if (client === undefined) throw new Error(`no client ${clientId}`);
    return client;
  }

  async command({ commandId }: { readonly commandId: string }): Promise<CommandRecord> {
    const command = await this.service.store.transaction((tx) => tx.command(commandId));
    if (command === undefined) throw new Error(`no command ${commandId}`);
    return command;
  }

  /** Waits until the board's client is as described. */
  clientIs(id: BoardId, what: Partial<ClientRecord>): Promise<ClientRecord> {
    return become(() => this.client(id), what);
  }

  commandIs(command: CommandRecord, what: Partial<CommandRecord>): Promise<CommandRecord> {
    return become(() => this.command(command), what);
  }

  async close(): Promise<void> {
    await Promise.all(BOARDS.map((id) => this.cutPower(id)));
    clearInterval(this.#tick);
    await this.#publisher?.stop();
    await this.#links?.close();
    await this.service.store.close();
    await this.broker.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function become<Thing extends object>(
  read: () => Promise<Thing>,
  what: Partial<Thing>,
  timeoutMs = 15_000,
): Promise<Thing> {
  for (const end = Date.now() + timeoutMs; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const now = await read();
    if (Object.entries(what).every(([name, value]) => now[name as keyof Thing] === value)) return now;
    if (Date.now() > end) throw new Error(`not ${JSON.stringify(what)} but ${JSON.stringify(now)}`);
  }
}
