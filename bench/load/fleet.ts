import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessFiles } from '../../cli/commands/acl';
import { provideGuard } from '../../cli/stack/guard';
import { generateAccess } from '../../lib/acl/generate';
import { aclDecides } from '../../lib/broker/guard-conf';
import { mosquittoConf } from '../../lib/broker/mosquitto-conf';
import { brokerLimits } from '../../lib/broker/sizing';
import { devicesOf, type Inventory } from '../../lib/inventory/inventory';
import { parseInventory } from '../../lib/inventory/parse';
import { type DevelopmentPki, developmentPki } from '../../lib/pki/directory';
import { sensorTelemetryTopic } from '../../lib/topics/sensors';

/** `plain`: no TLS, no accounts. `stock`: TLS 1.3, passwords, acl_file. `guarded`: as shipped, with the guard. */
export type Variant = 'plain' | 'stock' | 'guarded';

const ROOT = join(__dirname, '../../..');
const ARCHIVE = 'archive';
const BOARDS_PER_EQUIPMENT = 3;
const SENSORS = ['electrical', 'thermal', 'environmental'];

/** Boards of one factory with their accounts, files for each way to run their broker, and the compiled generator. */
export class Fleet {
  private constructor(
    readonly directory: string,
    readonly inventory: Inventory,
    readonly pki: DevelopmentPki,
    readonly generator: string,
    private readonly plugin: string,
  ) {}

  static async make(boards: number): Promise<Fleet> {
    const directory = mkdtempSync(join(tmpdir(), 'egiz-bench-'));
    const inventory = fleetOf(boards);
    const plugin = await provideGuard(console.error);
    if (plugin === undefined) throw new Error('the guard is part of what is measured');
    const pki = await developmentPki(join(directory, 'pki'), {});
    const fleet = new Fleet(directory, inventory, pki, compile(directory), plugin);
    await generateAccess(inventory, fleet.files);
    fleet.writeAccounts('accounts.txt', (account) =>
      readFileSync(join(fleet.files.passwordDirectory, account), 'utf8').trim(),
    );
    fleet.writeAccounts('anonymous.txt', () => '-');
    return fleet;
  }

  get files() {
    return accessFiles(join(this.directory, 'broker'));
  }

  accountFile(variant: Variant): string {
    return join(this.directory, variant === 'plain' ? 'anonymous.txt' : 'accounts.txt');
  }

  private writeAccounts(name: string, password: (account: string) => string): void {
    const boards = devicesOf(this.inventory).map((device) => [device.account, sensorTelemetryTopic(device)]);
    const lines = [[ARCHIVE, 'openegiz/#'], ...boards].map(
      ([account = '', topic = '']) => `${account} ${password(account)} ${topic}\n`,
    );
    writeFileSync(join(this.directory, name), lines.join(''), { mode: 0o600 });
  }

  conf(variant: Variant, port: number): string {
    const file = join(this.directory, `${variant}.conf`);
    writeFileSync(file, this.confText(variant, port), { mode: 0o600 });
    return file;
  }

  private confText(variant: Variant, port: number): string {
    const guard = {
      pluginFile: this.plugin,
      guardFile: this.files.guardFile ?? '',
      auditFile: join(this.directory, 'audit.jsonl'),
      aclDecides: aclDecides('2.0.11', devicesOf(this.inventory).length),
    };
    const text = mosquittoConf({
      listeners: [{ login: 'password', port }],
      bindAddress: '127.0.0.1',
      caFile: this.pki.caFile,
      serviceCaFile: this.pki.serviceCaFile,
      ...this.pki.server,
      ...this.files,
      persistenceDirectory: this.directory,
      user: 'root',
      limits: brokerLimits(this.inventory),
      ...(variant === 'guarded' ? { guard } : {}),
    });
    if (variant !== 'plain') return text;
    const closed = /^(tls_version|certfile|keyfile|require_certificate|password_file|acl_file|use_username)/;
    const lines = text.split('\n').filter((line) => !closed.test(line));
    return lines.join('\n').replace('allow_anonymous false', 'allow_anonymous true');
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function fleetOf(boards: number): Inventory {
  const equipment = Array.from({ length: Math.ceil(boards / BOARDS_PER_EQUIPMENT) }, (_, n) => ({
    id: `oven-${n}`,
    type: 'oven',
    devices: SENSORS.slice(0, Math.min(BOARDS_PER_EQUIPMENT, boards - n * BOARDS_PER_EQUIPMENT)).map(
      (sensor) => ({ id: `board-${n}-${sensor}`, sensor }),
    ),
  }));
  return parseInventory(
    JSON.stringify({
      tenants: [{ id: 'bench' }],
      factories: [{ id: 'factory', tenant: 'bench', equipment }],
      services: [{ id: ARCHIVE, role: 'archive', login: 'password' }],
    }),
  );
}

/** Compiles the generator into the directory. @returns the program's path */
export function compile(directory: string): string {
  const program = join(directory, 'load');
  const sources = ['client.c', 'telemetry.c', 'load.c'].map((name) => join(ROOT, 'bench/load', name));
  execFileSync('cc', ['-O2', '-D_GNU_SOURCE', ...sources, '-lssl', '-lcrypto', '-o', program]);
  return program;
}

/** A program on one core, so that broker and generator do not take turns on the same. */
export function pinned(core: number, command: readonly string[]) {
  return spawn('taskset', ['-c', String(core), ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
}
