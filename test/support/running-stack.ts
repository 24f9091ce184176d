import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ready } from '../../cli/stack/ready';

const ROOT = join(__dirname, '../../..');

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** One `openegiz` command, as a person runs it: bin/openegiz of the checkout. */
export class RunningCommand {
  output = '';
  readonly ended: Promise<Outcome>;
  private readonly child: ChildProcess;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [join(ROOT, 'bin/openegiz'), ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => resolve({ code, output: this.output }));
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

export function runCommand(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new RunningCommand(args, env).ended;
}

/** Archives only when asked to: whether the programs are on the machine must not change a test. */
function withoutArchive(args: readonly string[]): string[] {
  return args.some((arg) => arg === '--with' || arg === '--without') ? [] : ['--without', 'archive'];
}

/** `openegiz start` in a home of its own. */
export class RunningStack {
  readonly command: RunningCommand;

  constructor(
    readonly home: string,
    args: readonly string[] = [],
  ) {
    this.command = new RunningCommand(['start', '--home', home, ...withoutArchive(args), ...args]);
  }

  /** ready.json as it is now. */
  ready(): Ready {
    return readyOf(this.home);
  }

  async untilReady(timeoutMs = 60_000): Promise<Ready> {
    let ended = false;
    void this.command.ended.then(() => {
      ended = true;
    });
    await eventually(
      () => ended || existsSync(join(this.home, 'ready.json')),
      timeoutMs,
      () => this.command.output,
    );
    if (ended) throw new Error(`the start ended: ${this.command.output}`);
    return this.ready();
  }

  /** Asks it to stop; returns how long that took. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Outcome & { readonly ms: number }> {
    const before = Date.now();
    this.command.kill(signal);
    const outcome = await this.command.ended;
    return { ...outcome, ms: Date.now() - before };
  }
}

export function readyOf(home: string): Ready {
  return JSON.parse(readFileSync(join(home, 'ready.json'), 'utf8')) as Ready;
}

/** Homes and stacks of one test file; whatever is left of them is ended and removed. */
export class Homes {
  private readonly directories: string[] = [];
  private readonly stacks: RunningStack[] = [];

  make(): string {
    const directory = mkdtempSync(join(tmpdir(), 'egiz-home-'));
    this.directories.push(directory);
    return directory;
  }

  start(home: string, args: readonly string[] = []): RunningStack {
    const stack = new RunningStack(home, args);
    this.stacks.push(stack);
    return stack;
  }

  async cleanUp(): Promise<void> {
    await Promise.all(this.stacks.splice(0).map((stack) => stack.stop()));
    for (const directory of this.directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  }
}

export async function eventually(
  holds: () => boolean,
  timeoutMs: number,
  describe: () => string = () => '',
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
