import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { accessFiles } from '../../cli/commands/acl';
import { generateAccess } from '../../lib/acl/generate';
import type { RunningBroker } from '../../lib/broker/apply';
import { presentedFingerprint } from '../../lib/broker/handshake';
import { type Login, mosquittoConf } from '../../lib/broker/mosquitto-conf';
import { parseInventory } from '../../lib/inventory/parse';
import { connectMqtt } from '../../lib/mqtt/connection';
import type { MqttLink } from '../../lib/mqtt/link';
import { createAuthorities } from '../../lib/pki/authorities';
import { filesOf, type Holder, holdersOf, issue, SERVER } from '../../lib/pki/enrol';
import { type KeyPairFiles, pairFiles, writePair } from '../../lib/pki/pair-files';
import { CertificateRegister } from '../../lib/pki/register';
import { crlFile, writeRevocationLists } from '../../lib/pki/revocation';
import { freePort } from './ports';

/** A signal that comes while Mosquitto is reading is forgotten: it clears its mark at the end (2.0.11). */
const HANG_UP_AGAIN_MS = 500;
const BINARY = process.env.MOSQUITTO ?? '/usr/sbin/mosquitto';
/** Those that others than the machine itself reach. */
type ListenerLogin = Exclude<Login, 'local-tools'>;
const LOGINS: readonly ListenerLogin[] = ['password', 'client-certificate', 'service-certificate'];

/** How a test logs in: with a password, or with a certificate at the listener of clients or services. */
export interface LoginOptions {
  readonly certificate?: KeyPairFiles;
  readonly listener?: ListenerLogin;
  readonly sessionExpirySeconds?: number;
  readonly clientId?: string;
}

/**
 * A Mosquitto as an owner runs it: configuration, accounts and rights from an inventory, certificates from
 * `pki init`, a listener for each way to log in.
 */
export class InventoryBroker {
  readonly directory = mkdtempSync(join(tmpdir(), 'egiz-broker-'));
  readonly pkiDirectory = join(this.directory, 'pki');
  readonly files = accessFiles(join(this.directory, 'broker'));
  readonly pidFile = join(this.directory, 'run', 'mosquitto.pid');
  readonly server = pairFiles(this.pkiDirectory, SERVER);
  readonly ports: Record<ListenerLogin, number> = {
    password: 0,
    'client-certificate': 0,
    'service-certificate': 0,
  };
  private child: ChildProcess | undefined;
  private output = '';
  private readonly links: MqttLink[] = [];

  private constructor(private readonly user: string) {}

  /** @param user whom Mosquitto becomes; the files are readable by everybody then */
  static async start(inventoryText: string, user = userInfo().username): Promise<InventoryBroker> {
    const broker = new InventoryBroker(user);
    await broker.prepare(inventoryText);
    await broker.run();
    return broker;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get running(): boolean {
    return this.child !== undefined;
  }

  log(): string {
    return this.output;
  }

  /** How `applyAccess` reaches it. */
  get asRunning(): RunningBroker {
    return { pidFile: this.pidFile, probe: { url: this.url('password'), tls: () => ({ ca: this.ca() }) } };
  }

  ca(): Buffer {
    return readFileSync(join(this.pkiDirectory, 'ca.crt'));
  }

  url(login: ListenerLogin): string {
    return `mqtts://127.0.0.1:${this.ports[login]}`;
  }

  /** Issues a certificate to whoever it is for. */
  async enrol(holder: Holder): Promise<KeyPairFiles> {
    const name = holder.kind === 'server' ? SERVER : holder.account;
    const files = filesOf(this.pkiDirectory, { kind: holder.kind, name });
    const register = new CertificateRegister(this.pkiDirectory);
    writePair(files, await issue({ directory: this.pkiDirectory, register, now: new Date() }, holder));
    return files;
  }

  /** A link that is connected, or an error with the reason it is not. */
  async login(account: string, options: LoginOptions = {}): Promise<MqttLink> {
    const link = this.open(account, options);
    await new Promise<void>((resolve, reject) => {
      link.onState((state) => {
        if (state.kind === 'connected') resolve();
        if (state.kind === 'disconnected') reject(new Error(`${state.code}: ${state.reason}`));
      });
    });
    return link;
  }

  /** The reason code of the PUBACK. */
  async publish(link: MqttLink, topic: string, payload = 'x'): Promise<number> {
    return (await link.publish({ topic, payload, qos: 1 })).reasonCode;
  }

  /** SIGHUP; whoever connects afterwards is answered by what was read. */
  async hangUp(): Promise<void> {
    const again = setInterval(() => process.kill(this.pid, 'SIGHUP'), HANG_UP_AGAIN_MS);
    try {
      await this.untilReloaded(async () => void process.kill(this.pid, 'SIGHUP'));
    } finally {
      clearInterval(again);
    }
  }

  /** Waits until the broker has begun to read its files; it does so at one go, on its one thread. */
  async untilReloaded<Result>(signal: () => Promise<Result>): Promise<Result> {
    // Said whenever the configuration is read.
    const readings = () => this.output.split('max_packet_size').length;
    const before = readings();
    const result = await signal();
    for (let tries = 0; tries < 500 && readings() === before; tries++) await pause(10);
    if (readings() === before) throw new Error('Mosquitto has not read its files');
    return result;
  }

  async run(): Promise<void> {
    const child = spawn(BINARY, ['-c', join(this.directory, 'mosquitto.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    child.once('exit', () => {
      if (this.child === child) this.child = undefined;
    });
    for (let tries = 0; tries < 500 && this.running; tries++) {
      if (existsSync(this.pidFile) && (await this.answers())) return;
      await pause(10);
    }
    throw new Error(`Mosquitto did not start:\n${this.output}`);
  }

  private async answers(): Promise<boolean> {
    // The last listener opens last.
    const endpoint = { host: '127.0.0.1', port: this.ports['service-certificate'] };
    return presentedFingerprint(endpoint, 1_000).then(
      () => true,
      () => false,
    );
  }

  /** SIGTERM lets it write what it keeps. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await gone;
    rmSync(this.pidFile, { force: true });
  }

  async close(): Promise<void> {
    await this.closeLinks();
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async closeLinks(): Promise<void> {
    await Promise.all(this.links.splice(0).map((link) => link.close()));
  }

  private open(account: string, { certificate, listener, clientId, ...rest }: LoginOptions): MqttLink {
    const login = listener ?? (certificate === undefined ? 'password' : 'client-certificate');
    const link = connectMqtt({
      url: this.url(login),
      clientId: clientId ?? account,
      cleanStart: rest.sessionExpirySeconds === undefined,
      tls: () => ({
        ca: this.ca(),
        ...(certificate === undefined
          ? {}
          : { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) }),
      }),
      ...(certificate === undefined
        ? { credentials: { username: account, password: this.password(account) } }
        : {}),
      ...rest,
    });
    this.links.push(link);
    return link;
  }

  private password(account: string): string {
    const file = join(this.files.passwordDirectory, account);
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : 'no password of ours';
  }

  private async prepare(inventoryText: string): Promise<void> {
    for (const name of ['data', 'run']) mkdirSync(join(this.directory, name));
    const inventory = parseInventory(inventoryText);
    await generateAccess(inventory, this.files);
    const now = new Date();
    await createAuthorities(this.pkiDirectory, { name: 'Test', now });
    await this.enrol({ kind: 'server', hosts: ['localhost', '127.0.0.1'] });
    for (const holder of holdersOf(inventory)) await this.enrol(holder);
    await writeRevocationLists(this.pkiDirectory, new CertificateRegister(this.pkiDirectory), { now });
    for (const login of LOGINS) this.ports[login] = await freePort();
    writeFileSync(join(this.directory, 'mosquitto.conf'), this.conf());
    if (this.user !== userInfo().username) this.openDirectories();
  }

  private conf(): string {
    const pki = (name: string) => join(this.pkiDirectory, name);
    return mosquittoConf({
      listeners: LOGINS.map((login) => ({ login, port: this.ports[login] })),
      bindAddress: '127.0.0.1',
      caFile: pki('ca.crt'),
      serviceCaFile: pki('services-ca.crt'),
      crlFile: crlFile(this.pkiDirectory, 'ca'),
      serviceCrlFile: crlFile(this.pkiDirectory, 'services-ca'),
      ...this.server,
      ...this.files,
      persistenceDirectory: join(this.directory, 'data'),
      pidFile: this.pidFile,
      user: this.user,
      limits: { sysInterval: 0 },
    });
  }

  /** For a broker that is another user than the test. */
  private openDirectories(): void {
    for (const path of [this.directory, join(this.directory, 'broker'), this.pkiDirectory])
      chmodSync(path, 0o755);
    for (const path of [join(this.directory, 'data'), join(this.directory, 'run')]) chmodSync(path, 0o777);
    const { aclFile, passwordFile, guardFile } = this.files;
    for (const path of [aclFile, passwordFile, guardFile, this.server.keyFile])
      if (path !== undefined) chmodSync(path, 0o644);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
