import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/files/atomic';
import { isJsonObject } from '../../lib/json/json';
import { identify, type ProcessIdentity } from '../../lib/processes/identity';
import { type Level, LogFile, lineSplitter } from './log';
import { endProcess } from './processes';

/** A program that is kept running. */
export interface ServiceSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Node programs get a channel: when it closes they know that this process is gone, and end too. */
  readonly channel: boolean;
  readonly port?: number;
  /** Rejects until the service answers; `announced`: it says itself that it is ready, on its channel or in a line. */
  readonly probe: (() => Promise<void>) | 'announced';
  /** True for the line by which a program without a channel announces itself. */
  readonly announces?: (line: string) => boolean;
  /** How bad a line of its output is. */
  readonly levelOf?: (line: string) => Level;
  /** The least serious of its lines that a person at the terminal sees. */
  readonly shownFrom: Level;
}

export interface ServiceListener {
  onEvent(event: ServiceEvent): void;
  onLine(level: Level, line: string): void;
}

export type ServiceEvent =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'ready'; readonly afterMs: number }
  | { readonly kind: 'died'; readonly how: string; readonly restarts: number; readonly againInMs: number }
  | { readonly kind: 'stopped' };

/** SPEC 6: a service that dies is started again within 10 s. */
const BACKOFF_MS = [500, 1_000, 2_000, 4_000, 8_000] as const;
/** After this long without a death the backoff begins anew. */
const STEADY_MS = 60_000;
const PROBE_EVERY_MS = 150;
/** What a killed start left running has this long to end when asked. */
const LEFTOVER_GRACE_MS = 5_000;
const LAST_LINES = 15;
/** A service that has died this often before it ever answered will not come up. */
const HOPELESS_DEATHS = 3;

/** Runs one program, writes its output to its log, and starts it again when it dies. */
export class Service {
  readonly log: LogFile;
  restarts = 0;
  private child: ChildProcess | undefined;
  private again: NodeJS.Timeout | undefined;
  private failures = 0;
  private stopping = false;
  private answers = false;
  /** The process that has said it is ready. */
  private announced: ChildProcess | undefined;
  private readonly tail: string[] = [];

  constructor(
    readonly spec: ServiceSpec,
    private readonly directories: { readonly run: string; readonly logs: string },
    private readonly listener: ServiceListener,
  ) {
    this.log = new LogFile(join(directories.logs, `${spec.name}.log`));
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** The last lines it wrote: what a person needs when it does not come up. */
  get lastLines(): readonly string[] {
    return this.tail;
  }

  start(): void {
    const { command, args, cwd, env, channel } = this.spec;
    const startedAt = Date.now();
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe', ...(channel ? (['ipc'] as const) : [])],
      // A group of its own: Ctrl-C reaches this process alone, which then stops the services in order.
      detached: true,
    });
    this.child = child;
    child.once('spawn', () => this.onSpawn(child));
    child.on('message', (message) => {
      if (isJsonObject(message) && message.kind === 'ready') this.announced = child;
    });
    this.record(child);
    child.once('error', (fault) => this.onEnd(`did not start: ${fault.message}`, startedAt, child));
    child.once('exit', (code, signal) =>
      this.onEnd(signal === null ? `ended with code ${code}` : `was ended by ${signal}`, startedAt, child),
    );
    void this.watchReady(child, startedAt);
  }

  /** Resolves when the service answers; false when it keeps dying, or does not within `timeoutMs`. */
  async ready(timeoutMs: number): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    while (!this.answers && !this.stopping && Date.now() < deadline && this.restarts < HOPELESS_DEATHS) {
      await pause(PROBE_EVERY_MS / 3);
    }
    return this.answers;
  }

  /** Ends the program: asked first, after `graceMs` without asking. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.again);
    const pid = this.child?.pid;
    const identity = pid === undefined ? undefined : identify(pid);
    if (identity !== undefined) await endProcess(identity, graceMs);
    forgetProcess(this.directories.run, this.spec.name);
    this.listener.onEvent({ kind: 'stopped' });
  }

  private onSpawn(child: ChildProcess): void {
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (identity === undefined) return;
    rememberProcess(this.directories.run, this.spec.name, identity);
    this.listener.onEvent({ kind: 'started', pid: identity.pid });
  }

  private record(child: ChildProcess): void {
    const onLine = (line: string) => {
      this.tail.push(line);
      if (this.tail.length > LAST_LINES) this.tail.shift();
      const level = this.spec.levelOf?.(line) ?? 'info';
      this.log.write(this.spec.name, level, line);
      this.listener.onLine(level, line);
      if (this.spec.announces?.(line) === true) this.announced = child;
    };
    for (const stream of [child.stdout, child.stderr]) {
      const splitter = lineSplitter(onLine);
      stream?.on('data', (chunk: Buffer) => splitter.push(chunk));
      stream?.once('end', () => splitter.end());
    }
  }

  private onEnd(how: string, startedAt: number, child: ChildProcess): void {
    if (this.child !== child) return;
    this.child = undefined;
    this.answers = false;
    forgetProcess(this.directories.run, this.spec.name);
    if (this.stopping) return;
    this.failures = Date.now() - startedAt > STEADY_MS ? 0 : this.failures;
    const againInMs = BACKOFF_MS[Math.min(this.failures, BACKOFF_MS.length - 1)] ?? 0;
    this.failures += 1;
    this.restarts += 1;
    this.log.write(this.spec.name, 'error', `${this.spec.name} ${how}`, { restarts: this.restarts });
    this.listener.onEvent({ kind: 'died', how, restarts: this.restarts, againInMs });
    this.again = setTimeout(() => this.start(), againInMs);
  }

  private async probe(child: ChildProcess): Promise<void> {
    if (this.spec.probe !== 'announced') return this.spec.probe();
    if (this.announced !== child) throw new Error('not ready yet');
  }

  private async watchReady(child: ChildProcess, startedAt: number): Promise<void> {
    while (this.child === child && !this.stopping) {
      try {
        await this.probe(child);
        if (this.child !== child) return;
        this.answers = true;
        this.listener.onEvent({ kind: 'ready', afterMs: Date.now() - startedAt });
        return;
      } catch {
        await pause(PROBE_EVERY_MS);
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const processFile = (directory: string, name: string) => join(directory, `${name}.json`);

function rememberProcess(directory: string, name: string, identity: ProcessIdentity): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileAtomic(processFile(directory, name), JSON.stringify(identity), 0o600);
}

function forgetProcess(directory: string, name: string): void {
  rmSync(processFile(directory, name), { force: true });
}

/** Ends what a start that was killed left running. Returns the names of what was found. */
export async function endLeftovers(directory: string, names: readonly string[]): Promise<string[]> {
  const ended: string[] = [];
  for (const name of names) {
    const file = processFile(directory, name);
    if (!existsSync(file)) continue;
    const identity = readIdentity(file);
    if (identity !== undefined && identify(identity.pid)?.startedAt === identity.startedAt) {
      await endProcess(identity, LEFTOVER_GRACE_MS);
      ended.push(name);
    }
    rmSync(file, { force: true });
  }
  return ended;
}

function readIdentity(file: string): ProcessIdentity | undefined {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}
