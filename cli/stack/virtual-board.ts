import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError } from '../../lib/errors/egiz-error';
import { findProgram, pathDirectories } from '../../lib/processes/find-program';
import { cacheDirectory } from '../../lib/programs/cache';
import { PACKAGE_ROOT } from './home';

/** The firmware's sources, and where what is built of them is kept: outside the checkout, for all of them. */
export interface VirtualBoardPaths {
  readonly firmware: string;
  readonly cache: string;
}

const PROGRAMS = ['cmake', 'ninja', 'c++'] as const;
const PACKAGES =
  'g++ cmake ninja-build libmosquitto-dev libmbedtls-dev libcurl4-openssl-dev nlohmann-json3-dev';
/** What the program is made of; tests and the ESP32 adapter do not matter to it. */
const SOURCES = ['CMakeLists.txt', 'core', 'host'] as const;
const LAST_LINES = 3;
const MAX_OUTPUT = 64 * 1024;

export function virtualBoardPaths(environment = process.env): VirtualBoardPaths {
  const cache = join(cacheDirectory(environment), 'virtual-board');
  return { firmware: join(PACKAGE_ROOT, 'firmware'), cache };
}

/** The program built from these very sources, or undefined when it has not been built yet. */
export function builtVirtualBoard(paths: VirtualBoardPaths): string | undefined {
  if (!hasSources(paths)) return undefined;
  const program = programPath(paths);
  return existsSync(program) ? program : undefined;
}

/**
 * Builds the program into the cache, unless it is there.
 * @throws EgizError `VIRTUAL_BOARD_MISSING` with what is missing, `VIRTUAL_BOARD_BUILD_FAILED`
 */
export async function buildVirtualBoard(
  paths: VirtualBoardPaths,
  say: (text: string) => void,
): Promise<string> {
  if (!hasSources(paths)) {
    throw new EgizError(
      'VIRTUAL_BOARD_MISSING',
      `Virtual boards need the firmware's sources, and ${paths.firmware} has none`,
      {
        mend: 'Start from a checkout of the repository, or without --boards.',
      },
    );
  }
  const built = builtVirtualBoard(paths);
  if (built !== undefined) return built;
  const missing = missingPrograms();
  if (missing.length > 0) {
    throw new EgizError(
      'VIRTUAL_BOARD_MISSING',
      `Virtual boards cannot be built: ${missing.join(', ')} missing`,
      {
        mend: `Run: sudo apt-get install ${PACKAGES}`,
      },
    );
  }
  say('Building the virtual board, once for this version of the firmware …');
  const program = programPath(paths);
  mkdirSync(paths.cache, { recursive: true, mode: 0o700 });
  const workshop = mkdtempSync(join(paths.cache, 'building-'));
  try {
    const output = await run('sh', join(paths.firmware, 'host', 'build.sh'), workshop);
    if (output !== undefined) throw buildFailed(output);
    mkdirSync(join(program, '..'), { recursive: true });
    renameSync(join(workshop, 'virtual-board'), program);
    return program;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function hasSources({ firmware }: VirtualBoardPaths): boolean {
  return SOURCES.every((name) => existsSync(join(firmware, name)));
}

function missingPrograms(): string[] {
  const directories = pathDirectories(process.env);
  return PROGRAMS.filter((name) => findProgram(name, directories) === undefined);
}

/** One folder a state of the sources: a changed firmware is another program, and going back builds nothing. */
function programPath({ firmware, cache }: VirtualBoardPaths): string {
  const hash = createHash('sha256');
  const files = SOURCES.flatMap((name) =>
    name.includes('.')
      ? [name]
      : readdirSync(join(firmware, name), { recursive: true, encoding: 'utf8' })
          .filter((file) => /\.([ch]pp|sh)$/.test(file))
          .map((file) => join(name, file)),
  );
  for (const file of files.sort()) hash.update(`${file}\0`).update(readFileSync(join(firmware, file)));
  return join(cache, hash.digest('hex').slice(0, 16), 'virtual-board');
}

/** @returns what it has said when it failed */
function run(command: string, ...args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    // A group of its own, so that the end of this process can take the compilers along.
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const end = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    };
    process.once('exit', end);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-MAX_OUTPUT);
      });
    }
    const done = (failure: string | undefined) => {
      process.off('exit', end);
      resolve(failure);
    };
    child.once('error', (fault) => done(fault.message));
    child.once('close', (code) => done(code === 0 ? undefined : output));
  });
}

function buildFailed(output: string): EgizError {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => /error|not found|could not/i.test(line));
  const shown = (telling.length > 0 ? telling : lines).slice(0, LAST_LINES).map((line) => line.trim());
  return new EgizError(
    'VIRTUAL_BOARD_BUILD_FAILED',
    `The virtual board could not be built: ${shown.join('; ')}`,
    {
      mend: `It needs: sudo apt-get install ${PACKAGES}`,
    },
  );
}
