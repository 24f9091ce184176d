import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { passwordAccounts } from '../../lib/acl/generate';
import { parseInventory } from '../../lib/inventory/parse';
import { INVENTORY, type Premises, QUEUE_LIMIT } from './conformance';

const SOURCE = join(__dirname, '../../../test/conformance/hivemq');
const START_TIMEOUT_MS = 60_000;

/** HiveMQ Community Edition with the accounts, rights and certificates of the premises. */
export class HiveMq {
  #child: ChildProcess | undefined;
  #log = '';

  constructor(readonly premises: Premises) {
    writeFiles(premises);
  }

  async start(): Promise<void> {
    const program = buildHiveMq();
    const classPath = [join(program, 'conformance-hivemq-1.jar'), join(program, 'lib', '*')].join(':');
    const child = spawn(
      'java',
      ['-Xmx512m', ...OPENS, '-cp', classPath, 'com.openegiz.conformance.Broker', this.premises.directory],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString();
      });
    }
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`HiveMQ did not start (${why}):\n${this.#log}`));
      const timer = setTimeout(() => fail('no answer'), START_TIMEOUT_MS);
      child.stdout.on('data', () => {
        if (!/^ready$/m.test(this.#log)) return;
        clearTimeout(timer);
        resolve();
      });
      child.once('exit', (code) => fail(`exit code ${code}`));
    });
    this.#log = '';
  }

  /** Closes its input, upon which it stops and writes what it keeps. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.stdin?.end();
    await gone;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.premises.directory, { recursive: true, force: true });
  }
}

/** What HiveMQ's own start script says for Java 17. */
const OPENS = [
  'java.base/java.lang',
  'java.base/java.nio',
  'java.base/sun.nio.ch',
  'jdk.management/com.sun.management.internal',
  'java.base/jdk.internal.misc',
].flatMap((one) => ['--add-opens', `${one}=ALL-UNNAMED`]);

/** The accounts and the configuration as the small Java program reads them. */
function writeFiles({ directory, files, pki, rights, ports }: Premises): void {
  const withPassword = new Set(passwordAccounts(parseInventory(INVENTORY)));
  const lines = rights.map(({ account, kind, rights: own }) => {
    const password = withPassword.has(account)
      ? readFileSync(join(files.passwordDirectory, account), 'utf8').trim()
      : '-';
    return [account, kind, password, ...own.map(({ access, filter }) => `${access} ${filter}`)].join('\t');
  });
  writeFileSync(join(directory, 'accounts.tsv'), `${lines.join('\n')}\n`, { mode: 0o600 });
  for (const [name, file] of [
    ['ca.crt', pki.caFile],
    ['services-ca.crt', pki.serviceCaFile],
    ['server.crt', pki.server.certFile],
    ['server.key', pki.server.keyFile],
    ['clients.crl', pki.crlFile],
  ] as const) {
    if (file !== join(directory, name)) cpSync(file, join(directory, name));
  }
  const values: Readonly<Record<string, string>> = {
    PASSWORD_PORT: String(ports.password),
    CLIENTS_PORT: String(ports.clients),
    SERVICES_PORT: String(ports.services),
    QUEUE_LIMIT: String(QUEUE_LIMIT),
    DIRECTORY: directory,
  };
  const template = readFileSync(join(SOURCE, 'config.xml'), 'utf8');
  mkdirSync(join(directory, 'conf'));
  const config = template.replace(/\{([A-Z_]+)\}/g, (whole, name: string) => values[name] ?? whole);
  writeFileSync(join(directory, 'conf', 'config.xml'), config);
}

/**
 * Builds the program once, into a cache outside the repository, keyed by its sources. A missing Java or Maven
 * fails: an independent broker that is skipped proves nothing.
 */
function buildHiveMq(): string {
  const sources = readdirSync(SOURCE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'config.xml')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const key = createHash('sha256');
  for (const file of sources) key.update(readFileSync(file));
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const program = join(cache, 'openegiz', `conformance-hivemq-${key.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  for (const [tool, name] of [
    ['java', 'default-jdk-headless'],
    ['mvn', 'maven'],
  ] as const) {
    if (spawnSync(tool, ['-version']).status === 0) continue;
    throw new Error(`The conformance test needs ${tool}: install the Debian package "${name}"`);
  }
  const work = `${program}.${process.pid}`;
  cpSync(SOURCE, work, { recursive: true });
  const args = ['-q', '-B', 'package', 'dependency:copy-dependencies', '-DoutputDirectory=target/lib'];
  const built = spawnSync('mvn', args, { cwd: work, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`mvn ${args.join(' ')} failed:\n${built.stdout}${built.stderr}`);
  // Another run may have been faster; its result is the same.
  if (!existsSync(program)) renameSync(join(work, 'target'), program);
  rmSync(work, { recursive: true, force: true });
  return program;
}
