import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { Scaled } from '../../cli/scale/write';
import { provideGuard } from '../../cli/stack/guard';
import type { Inventory } from '../../lib/inventory/inventory';
import { type DevelopmentPki, developmentPki } from '../../lib/pki/directory';
import { certificateNames } from '../../lib/scale/shards';
import { freeBlock } from './ports';
import { runCommand } from './running-stack';

export const DOMAIN = 'mqtt.test';

/** `openegiz broker scale` for an inventory file, and what it wrote, running on 127.0.0.1. */
export class ShardedBrokers {
  readonly directory = mkdtempSync(join(tmpdir(), 'egiz-shards-'));
  readonly children = new Map<string, ChildProcess>();
  port = 0;
  private readonly clients: MqttClient[] = [];
  private output = '';

  private constructor(readonly pki: DevelopmentPki) {}

  static async start(inventory: Inventory, inventoryFile: string, shards: number): Promise<ShardedBrokers> {
    const home = mkdtempSync(join(tmpdir(), 'egiz-shards-pki-'));
    const services = inventory.services.map(({ id }) => id);
    const pki = await developmentPki(home, { services, hosts: certificateNames(DOMAIN) });
    const sharded = new ShardedBrokers(pki);
    const scaled = await sharded.generate(inventoryFile, shards, home);
    for (const { name, confFile } of scaled.shards)
      sharded.run(name, ['/usr/sbin/mosquitto', '-c', confFile]);
    sharded.run('haproxy', ['/usr/sbin/haproxy', '-db', '-f', scaled.haproxyFile]);
    return sharded;
  }

  private async generate(inventoryFile: string, shards: number, certificates: string): Promise<Scaled> {
    // The brokers' ports follow from the proxy's.
    this.port = await freeBlock([0, 1, 2, 10_000, 10_001, 10_002, 10_010, 10_011, 10_012]);
    const plugin = await provideGuard(() => undefined);
    const { code, output } = await runCommand([
      ...['broker', 'scale', '--inventory', inventoryFile, '--shards', String(shards)],
      ...['--directory', this.directory, '--domain', DOMAIN, '--certs', certificates],
      ...['--user', userInfo().username, '--port', String(this.port), '--json'],
      ...(plugin === undefined ? [] : ['--plugin', plugin]),
    ]);
    if (code !== 0) throw new Error(output);
    return JSON.parse(output) as Scaled;
  }

  private run(name: string, [command = '', ...args]: readonly string[]): void {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.children.set(name, child);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  log(): string {
    return this.output;
  }

  kill(name: string): void {
    this.children.get(name)?.kill('SIGKILL');
  }

  revive(name: string): void {
    this.run(name, ['/usr/sbin/mosquitto', '-c', join(this.directory, name, 'mosquitto.conf')]);
  }

  /** Logs in by way of the proxy, under the server name given; boards with their password, services with their certificate. */
  async login(account: string, name: string, options: IClientOptions = {}): Promise<MqttClient> {
    const service = this.pki.services.get(account);
    const proof =
      service === undefined
        ? {
            username: account,
            password: readFileSync(join(this.directory, 'accounts', account), 'utf8').trim(),
          }
        : { cert: readFileSync(service.certFile), key: readFileSync(service.keyFile) };
    const port = service === undefined ? this.port : this.port + 2;
    const client = await connectAsync(`mqtts://127.0.0.1:${port}`, {
      ...proof,
      protocolVersion: 5,
      ca: readFileSync(this.pki.caFile),
      servername: `${name}.${DOMAIN}`,
      clientId: account,
      connectTimeout: 3_000,
      reconnectPeriod: 0,
      ...options,
    });
    client.on('error', () => undefined);
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.endAsync(true)));
    const running = [...this.children.values()].filter((child) => child.exitCode === null && !child.killed);
    await Promise.all(
      running.map((child) => {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        return gone;
      }),
    );
    rmSync(this.directory, { recursive: true, force: true });
  }
}
