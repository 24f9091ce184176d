import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessFiles } from '../../cli/commands/acl';
import { provideGuard } from '../../cli/stack/guard';
import { tlsAnswers } from '../../cli/stack/probes';
import { generateAccess } from '../../lib/acl/generate';
import { PREFERRED_PORTS } from '../../lib/broker/mosquitto-conf';
import { PRODUCTION } from '../../lib/broker/production';
import type { Inventory } from '../../lib/inventory/inventory';
import { type DevelopmentPki, developmentPki } from '../../lib/pki/directory';
import { ROOT } from './node-red';
import { freePort } from './ports';

/** broker/mosquitto.conf as it stands in the repository, with its directories and ports moved to free ones. */
export class ProductionBroker {
  readonly directory = mkdtempSync(join(tmpdir(), 'egiz-production-'));
  readonly configuration = this.at(PRODUCTION.configuration);
  readonly auditFile = join(this.at(PRODUCTION.log), 'audit.jsonl');
  log = '';
  private child: ChildProcess | undefined;

  private constructor(
    /** By the port that stands in the file. */
    readonly ports: ReadonlyMap<number, number>,
    readonly pki: DevelopmentPki,
    readonly pkiDirectory: string,
  ) {}

  /** @param change what a test wants otherwise in the file */
  static async start(
    inventory: Inventory,
    change: (conf: string) => string = (conf) => conf,
  ): Promise<ProductionBroker> {
    const ports = new Map<number, number>();
    for (const port of Object.values(PREFERRED_PORTS)) ports.set(port, await freePort());
    const home = mkdtempSync(join(tmpdir(), 'egiz-production-pki-'));
    const services = inventory.services.filter(({ login }) => login === 'certificate').map(({ id }) => id);
    const broker = new ProductionBroker(ports, await developmentPki(home, { services }), home);
    await broker.write(inventory, change);
    await broker.run();
    return broker;
  }

  /** Where a path of the production file lies here. */
  at(path: string): string {
    return join(this.directory, path);
  }

  private async write(inventory: Inventory, change: (conf: string) => string): Promise<void> {
    const { certificates, data, log, run } = PRODUCTION;
    for (const path of [certificates, data, log, run])
      mkdirSync(this.at(path), { recursive: true, mode: 0o700 });
    await generateAccess(inventory, accessFiles(this.configuration));
    const files: [string, string][] = [
      ['ca.crt', this.pki.caFile],
      ['services-ca.crt', this.pki.serviceCaFile],
      ['ca.crl', this.pki.crlFile],
      ['services-ca.crl', this.pki.serviceCrlFile],
      ['server.crt', this.pki.server.certFile],
      ['server.key', this.pki.server.keyFile],
    ];
    for (const [name, from] of files) {
      writeFileSync(join(this.at(certificates), name), readFileSync(from), { mode: 0o600 });
    }
    const plugin = await provideGuard(() => undefined);
    const shipped = change(readFileSync(join(ROOT, 'broker/mosquitto.conf'), 'utf8'));
    let conf = shipped.replace(PRODUCTION.plugin, plugin ?? '');
    conf = conf.replaceAll(/(?<= )(?=\/(etc|var|run)\/)/g, this.directory);
    for (const [from, to] of this.ports) conf = conf.replace(`listener ${from}`, `listener ${to}`);
    conf = conf.replace(/^user mosquitto$/m, process.getuid?.() === 0 ? 'user root' : '');
    writeFileSync(join(this.configuration, 'mosquitto.conf'), conf);
  }

  /** Starts it, also again after `kill`. */
  async run(): Promise<void> {
    const conf = join(this.configuration, 'mosquitto.conf');
    const child = spawn('/usr/sbin/mosquitto', ['-c', conf], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.log += chunk.toString();
      });
    }
    for (const end = Date.now() + 10_000; ; ) {
      try {
        return await tlsAnswers(this.ports.get(8883) ?? 0, this.pki.caFile);
      } catch (fault) {
        if (Date.now() > end || child.exitCode !== null) throw new Error(`no broker: ${fault}\n${this.log}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** The exit code of the image's health check. */
  healthcheck(port: number): number | null {
    const authority = this.at(`${PRODUCTION.certificates}/ca.crt`);
    return spawnSync(join(ROOT, 'broker/healthcheck.sh'), [String(port), authority]).status;
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** SIGHUP: files are read again. */
  reload(): void {
    this.child?.kill('SIGHUP');
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async close(): Promise<void> {
    await this.end('SIGTERM');
    for (const path of [this.directory, this.pkiDirectory]) rmSync(path, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}
