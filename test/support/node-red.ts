import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..', '..');

let installed: string | undefined;

/** The package as its users get it: packed, and installed by npm into a folder of its own. Done once a run. */
export function installedPackage(): string {
  if (installed !== undefined) return installed;
  const directory = mkdtempSync(join(tmpdir(), 'egiz-packed-'));
  const npm = (args: string[], cwd: string) =>
    execFileSync('npm', args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', directory], ROOT);
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  writeFileSync(join(directory, 'package.json'), '{"name":"user-directory","private":true}');
  npm(
    [
      'install',
      '--silent',
      '--omit=dev',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      join(directory, tarball),
    ],
    directory,
  );
  installed = directory;
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A TCP port on the loopback address that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(address),
      );
    });
  });
}

export interface NodeRedOptions {
  /** Flow nodes; files of `flows/` are read by `shippedFlows`. */
  readonly flows: readonly object[];
  readonly env?: Readonly<Record<string, string>>;
  /** Members of the settings besides the test's own. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Kept from an earlier run; a fresh one otherwise. */
  readonly userDir?: string;
  /** Major version; 5 without it. */
  readonly version?: 4 | 5;
  /** Other packages whose nodes are wanted, from this repository's node_modules. */
  readonly packages?: readonly string[];
}

/** A real Node-RED in a process of its own, with the packed package. */
export class NodeRed {
  private constructor(
    readonly url: string,
    readonly userDir: string,
    private readonly child: ChildProcess,
    private readonly lines: string[],
  ) {}

  static async start(options: NodeRedOptions): Promise<NodeRed> {
    const port = await freePort();
    const userDir = options.userDir ?? userDirectory(options.packages ?? []);
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(options.flows));
    writeFileSync(join(userDir, 'settings.js'), settingsFile(port, options.settings ?? {}));
    const lines: string[] = [];
    const child = spawn(
      process.execPath,
      [
        join(ROOT, 'node_modules', options.version === 4 ? 'node-red-4' : 'node-red', 'red.js'),
        '-u',
        userDir,
      ],
      {
        env: { ...process.env, EGIZ_DEVELOPMENT: '1', ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const keep = (chunk: Buffer) => lines.push(...chunk.toString('utf8').split('\n'));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const nodeRed = new NodeRed(`http://127.0.0.1:${port}`, userDir, child, lines);
    // Either may come first.
    await nodeRed.until((output) => output.includes('Started flows'), 30_000);
    await nodeRed.until((output) => output.includes('Server now running'), 30_000);
    return nodeRed;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get output(): string {
    return this.lines.join('\n');
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async until(seen: (output: string) => boolean, timeoutMs: number): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!seen(this.output)) {
      if (!this.running) throw new Error(`Node-RED ended:\n${this.output}`);
      if (Date.now() > end) throw new Error(`Node-RED did not get there:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Deploys through the admin API, as the editor does, and waits until the flows run: it answers before. */
  async deploy(flows: readonly object[], type: 'full' | 'nodes' | 'flows' = 'full'): Promise<void> {
    const starts = (output: string) => output.split(/Started (?:flows|modified)/).length;
    const before = starts(this.output);
    const response = await fetch(`${this.url}/flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'Node-RED-Deployment-Type': type },
      body: JSON.stringify(flows),
    });
    if (!response.ok) throw new Error(`deploy answered ${response.status}`);
    await this.until((output) => starts(output) > before, 30_000);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await gone;
  }
}

/** A fresh user directory in which the packed package is installed. */
export function userDirectory(packages: readonly string[] = []): string {
  const userDir = mkdtempSync(join(tmpdir(), 'egiz-node-red-'));
  process.once('exit', () => rmSync(userDir, { recursive: true, force: true }));
  const modules = join(userDir, 'node_modules');
  mkdirSync(join(modules, '@openegiz'), { recursive: true });
  const own = join(installedPackage(), 'node_modules/@openegiz/node-red-edge');
  symlinkSync(own, join(modules, '@openegiz/node-red-edge'));
  for (const name of packages) {
    mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  return userDir;
}

function settingsFile(port: number, more: Readonly<Record<string, unknown>>): string {
  const settings = {
    uiHost: '127.0.0.1',
    uiPort: port,
    flowFile: 'flows.json',
    credentialSecret: 'test',
    telemetry: { enabled: false },
    editorTheme: { tours: false, palette: { catalogues: [] } },
    logging: { console: { level: 'info', metrics: false, audit: false } },
    ...more,
  };
  return `module.exports = ${JSON.stringify(settings)};`;
}

/** The nodes of a shipped flow file. */
export function shippedFlow(name: string): Record<string, unknown>[] {
  return JSON.parse(readFileSync(join(ROOT, 'flows', `${name}.json`), 'utf8')) as Record<string, unknown>[];
}
