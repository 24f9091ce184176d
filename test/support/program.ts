import { type ChildProcess, spawn } from 'node:child_process';

const START_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 5_000;

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Answers 200 as soon as the program does its work. */
  readonly readyUrl: string;
}

/** A program of others (Telegraf, Prometheus, …) that a test runs for a while. */
export class RunningProgram {
  output = '';
  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  /** Resolves when it answers. */
  static async start({ command, args, env, readyUrl }: ProgramOptions): Promise<RunningProgram> {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let fault: Error | undefined;
    child.once('error', (error) => {
      fault = error;
    });
    const program = new RunningProgram(child);
    for (const end = Date.now() + START_TIMEOUT_MS; !(await answers(readyUrl)); ) {
      if (fault !== undefined || program.ended || Date.now() > end) {
        child.kill('SIGKILL');
        throw new Error(`${command} did not start: ${fault?.message ?? ''}\n${program.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return program;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.ended) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
