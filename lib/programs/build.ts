import { spawn } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { PRIVATE_DIRECTORY_MODE } from '../files/atomic';
import { readLock, removeStale, tryClaim } from '../processes/claim';
import { identify, isRunning } from '../processes/identity';
import type { BuildStep, Program } from './program';

type Say = (text: string) => void;

/** The build leaves the machine to whoever works on it. */
const NICENESS = 10;
const WAIT_MS = 500;
/** How often a person is told that it goes on. */
const STILL_MS = 30_000;
const LAST_LINES = 5;

/**
 * Builds a program into `directory`, once: a second process that wants the same waits for the first.
 * @returns the program's path
 * @throws EgizError `PROGRAM_BUILD_FAILED`
 */
export async function buildProgram(
  program: Program,
  directory: string,
  environment: NodeJS.ProcessEnv,
  say: Say,
): Promise<string> {
  const built = join(directory, program.name);
  const lock = `${directory}.lock`;
  mkdirSync(dirname(directory), { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
  if (!(await claim(lock, built, () => say(`Waiting for ${program.title}, which another start builds …`)))) {
    return built;
  }
  try {
    say(
      `Building ${program.title} ${program.version}, once for this machine; it takes ${program.duration} …`,
    );
    await build(program, directory, environment, say);
    return built;
  } finally {
    rmSync(lock, { force: true });
  }
}

/** True when it is for this process to build; false when another has built it meanwhile. */
async function claim(lock: string, built: string, onWait: () => void): Promise<boolean> {
  const owner = identify(process.pid) ?? { pid: process.pid, startedAt: '' };
  for (let waited = false; !tryClaim(lock, owner); waited = true) {
    const other = readLock(lock);
    if (other === undefined || !isRunning(other)) {
      removeStale(lock);
      continue;
    }
    if (!waited) onWait();
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  if (!existsSync(built)) return true;
  rmSync(lock, { force: true });
  return false;
}

/** Beside the result and then moved there: nobody ever runs half a program. */
async function build(program: Program, directory: string, environment: NodeJS.ProcessEnv, say: Say) {
  const workshop = mkdtempSync(`${directory}.`);
  const log = `${directory}.log`;
  const beginning = Date.now();
  const still = setInterval(() => {
    say(`Still building ${program.title} (${Math.round((Date.now() - beginning) / 1_000)} s) …`);
  }, STILL_MS);
  try {
    rmSync(log, { force: true });
    for (const step of program.steps(workshop, environment)) {
      if (!(await run(step, log))) throw buildFailed(program, log);
    }
    mkdirSync(directory, { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
    renameSync(join(workshop, program.name), join(directory, program.name));
    rmSync(log, { force: true });
  } finally {
    clearInterval(still);
    rmSync(workshop, { recursive: true, force: true });
  }
}

function run(
  { command: [command, ...args], cwd, environment }: BuildStep,
  logFile: string,
): Promise<boolean> {
  return new Promise((resolve) => {
    const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
    // A group of its own, so that the end of this process can take the compilers along.
    const child = spawn(command, args, {
      cwd,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid } = child;
    if (pid !== undefined) setPriority(pid, NICENESS);
    const end = () => {
      if (pid !== undefined) process.kill(-pid, 'SIGTERM');
    };
    process.once('exit', end);
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const done = (succeeded: boolean) => {
      process.off('exit', end);
      log.end(() => resolve(succeeded));
    };
    child.once('error', () => done(false));
    child.once('close', (code) => done(code === 0));
  });
}

function buildFailed(program: Program, log: string): EgizError {
  const lines = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('go: downloading'));
  return new EgizError(
    'PROGRAM_BUILD_FAILED',
    `${program.title} ${program.version} could not be built: ${lines.slice(-LAST_LINES).join('; ')}`,
    {
      id: program.name,
      mend: `The whole output is in ${log}. It needs ${needs(program)}; or put ${program.title} (${program.accepted}) on the PATH.`,
    },
  );
}

function needs({ tools }: Program): string {
  return tools.map((tool) => tool.from ?? tool.program).join(', ');
}
