import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../lib/acl/mosquitto';
import { type DevelopmentPki, developmentPki } from '../../lib/pki/directory';
import { freePort } from './ports';

export interface MosquittoOptions {
  /** Further lines of mosquitto.conf, before the listeners. */
  readonly conf?: readonly string[];
  /** Account -> password; absent: anonymous access. */
  readonly accounts?: Readonly<Record<string, string>>;
  /** Lines of the acl_file; absent: everything is allowed. */
  readonly acl?: readonly string[];
  /** The client id is the account, as on the listeners of clients and devices (SPEC 2). */
  readonly accountIsClientId?: boolean;
  /** Beside the plain listener one with TLS 1.3. */
  readonly tls?: boolean;
}

export interface TestBroker {
  /** `mqtt://127.0.0.1:PORT` */
  readonly url: string;
  /** `mqtts://127.0.0.1:PORT` with the option `tls`. */
  readonly tlsUrl: string;
  /** With the option `tls`: also has certificates for the accounts `client` and `service`. */
  readonly pki: DevelopmentPki;
  readonly directory: string;
  readonly pid: number;
  readonly running: boolean;
  /** Everything the broker has logged. */
  log(): string;
  /** SIGTERM, and waits: the persistence file is written. Starting again keeps port and data. */
  stop(): Promise<void>;
  /** SIGKILL: whatever was not saved is lost. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Removes its persistence file, while it is down. */
  forget(): void;
  /** Waits until the broker has dropped the session of a client that is gone. */
  waitForExpiry(clientId: string): Promise<void>;
  /** Stops it and removes its directory. */
  close(): Promise<void>;
}

const BINARY = process.env.MOSQUITTO ?? '/usr/sbin/mosquitto';
const START_TIMEOUT_MS = 5_000;

/** Starts a Mosquitto of its own for one test, on free ports of 127.0.0.1. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<TestBroker> {
  if (!existsSync(BINARY)) {
    throw new Error(`There is no Mosquitto at ${BINARY}: install the package "mosquitto", or set MOSQUITTO`);
  }
  const directory = mkdtempSync(join(tmpdir(), 'egiz-mosquitto-'));
  mkdirSync(join(directory, 'data'));
  const pki = await developmentPki(join(directory, 'pki'), { clients: ['client'], services: ['service'] });
  const [port, tlsPort] = [await freePort(), await freePort()];
  const conf = await configuration(options, { directory, port, tlsPort, pki });
  writeFileSync(join(directory, 'mosquitto.conf'), `${conf.join('\n')}\n`);
  return runMosquitto({ directory, port, tlsPort, pki });
}

/** Starts a Mosquitto by the mosquitto.conf in the directory, which `close` removes. */
export async function runMosquitto({ directory, port, tlsPort, pki }: Place): Promise<TestBroker> {
  const broker = new BrokerProcess(directory, port, tlsPort, pki);
  await broker.start();
  return broker;
}

export interface Place {
  readonly directory: string;
  /** The one that tells, by answering, that the broker has started. */
  readonly port: number;
  readonly tlsPort: number;
  readonly pki: DevelopmentPki;
}

async function configuration(
  options: MosquittoOptions,
  { directory, port, tlsPort, pki }: Place,
): Promise<string[]> {
  const { accounts, acl, tls, conf = [] } = options;
  const lines = [
    'per_listener_settings false',
    'persistence true',
    `persistence_location ${join(directory, 'data')}/`,
    // Not stdout: into a pipe Mosquitto writes that in blocks, long after the fact.
    'log_dest stderr',
    'log_type all',
    'sys_interval 0',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    ...conf,
  ];
  if (accounts === undefined) lines.push('allow_anonymous true');
  else {
    const passwords = Object.entries(accounts).map(
      async ([name, password]) => `${name}:${await hashPassword(password)}\n`,
    );
    writeFileSync(join(directory, 'passwords'), (await Promise.all(passwords)).join(''), { mode: 0o600 });
    lines.push('allow_anonymous false', `password_file ${join(directory, 'passwords')}`);
  }
  if (acl !== undefined) {
    writeFileSync(join(directory, 'acl'), `${acl.join('\n')}\n`, { mode: 0o600 });
    lines.push(`acl_file ${join(directory, 'acl')}`);
  }
  const identity = options.accountIsClientId === true ? ['use_username_as_clientid true'] : [];
  lines.push(`listener ${port} 127.0.0.1`, ...identity);
  if (tls === true) {
    lines.push(`listener ${tlsPort} 127.0.0.1`, ...identity);
    lines.push('tls_version tlsv1.3', `certfile ${pki.server.certFile}`, `keyfile ${pki.server.keyFile}`);
  }
  return lines;
}

class BrokerProcess implements TestBroker {
  readonly url: string;
  readonly tlsUrl: string;
  #child: ChildProcess | undefined;
  #log = '';

  constructor(
    readonly directory: string,
    readonly port: number,
    tlsPort: number,
    readonly pki: DevelopmentPki,
  ) {
    this.url = `mqtt://127.0.0.1:${port}`;
    this.tlsUrl = `mqtts://127.0.0.1:${tlsPort}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the broker is not running');
    return pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  log(): string {
    return this.#log;
  }

  async start(): Promise<void> {
    const child = spawn(BINARY, ['-c', join(this.directory, 'mosquitto.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString();
      });
    }
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    for (const end = Date.now() + START_TIMEOUT_MS; ; await delay(10)) {
      if (this.#child !== child || Date.now() > end) {
        child.kill('SIGKILL');
        throw new Error(`Mosquitto did not start:\n${this.#log}`);
      }
      if (await answers(this.port)) return;
    }
  }

  stop(): Promise<void> {
    return this.#signal('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#signal('SIGKILL');
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  forget(): void {
    rmSync(join(this.directory, 'data', 'mosquitto.db'), { force: true });
  }

  async waitForExpiry(clientId: string): Promise<void> {
    await until('the session has expired', () => this.#log.includes(`Expiring client ${clientId}`), 15_000);
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await gone;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `holds` is true, and says what was awaited when it never is. */
export async function until(what: string, holds: () => boolean, timeoutMs = 5_000): Promise<void> {
  for (const end = Date.now() + timeoutMs; !holds(); await delay(5)) {
    if (Date.now() > end) throw new Error(`after ${timeoutMs} ms still not: ${what}`);
  }
}
