import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './node-red';

const START_TIMEOUT_MS = 30_000;

/** A user directory of its own with our package linked into it, and files for the secrets. */
export class UserDirectoryFixture {
  readonly path = mkdtempSync(join(tmpdir(), 'egiz-node-red-'));

  constructor(flows: object[] = []) {
    const scope = join(this.path, 'node_modules', '@openegiz');
    mkdirSync(scope, { recursive: true });
    symlinkSync(ROOT, join(scope, 'node-red-edge'), 'dir');
    this.write('package.json', { name: 'test', private: true, dependencies: {} });
    this.write('flows.json', flows);
  }

  /** Writes a file and returns its path. */
  write(name: string, content: string | object): string {
    const file = join(this.path, name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A real Node-RED with the compiled settings, as a child process. */
export class NodeRedProcess {
  readonly #child: ChildProcess;
  output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output += data.toString('utf8');
      });
    }
  }

  static spawn(userDirectory: string, variables: Readonly<Record<string, string>>): NodeRedProcess {
    const entry = join(dirname(require.resolve('node-red/package.json')), 'red.js');
    const env = { PATH: process.env.PATH ?? '', HOME: userDirectory, ...variables };
    const args = [entry, '--settings', join(ROOT, 'dist', 'settings.js'), '--userDir', userDirectory];
    return new NodeRedProcess(spawn(process.execPath, args, { cwd: userDirectory, env }));
  }

  /** Resolves when the flows run and the port is open; either may come first. */
  async started(): Promise<void> {
    const end = Date.now() + START_TIMEOUT_MS;
    while (!/Started flows/.test(this.output) || !/Server now running/.test(this.output)) {
      if (this.#child.exitCode !== null || Date.now() > end)
        throw new Error(`Node-RED did not start:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  exited(): Promise<number | null> {
    if (this.#child.exitCode !== null) return Promise.resolve(this.#child.exitCode);
    return new Promise((resolve) => this.#child.once('exit', (code) => resolve(code)));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = this.exited();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await exit;
    clearTimeout(timer);
  }
}
