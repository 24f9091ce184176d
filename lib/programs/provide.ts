import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { findProgram, findPrograms, pathDirectories } from '../processes/find-program';
import { buildProgram } from './build';
import { cacheDirectory } from './cache';
import { INFLUXDB } from './influxdb';
import { type BuildTool, type Program, parseVersion } from './program';
import { TELEGRAF } from './telegraf';

/** Told what takes long. */
export type Say = (text: string) => void;

const VERSION_TIMEOUT_MS = 10_000;

/**
 * The path of Telegraf: a usable one on the PATH, else the one in the user's cache, else built there.
 * @throws EgizError `PROGRAM_MISSING` with what the build lacks, `PROGRAM_BUILD_FAILED`
 */
export function provideTelegraf(say: Say, environment = process.env): Promise<string> {
  return provide(TELEGRAF, say, environment);
}

/** The path of InfluxDB's server, in the same way. */
export function provideInfluxdb(say: Say, environment = process.env): Promise<string> {
  return provide(INFLUXDB, say, environment);
}

/** The path of a program that is there, on the PATH or in the cache; undefined when it would have to be built. */
export function locate(program: Program, environment = process.env): string | undefined {
  const onPath = findPrograms(program.name, pathDirectories(environment)).find((path) =>
    isUsable(program, path),
  );
  if (onPath !== undefined) return onPath;
  const cached = join(cachedDirectory(program, environment), program.name);
  return existsSync(cached) ? cached : undefined;
}

async function provide(program: Program, say: Say, environment: NodeJS.ProcessEnv): Promise<string> {
  const present = locate(program, environment);
  if (present !== undefined) return present;
  const missing = program.tools.filter(
    (tool) => findProgram(tool.program, pathDirectories(environment)) === undefined,
  );
  if (missing.length > 0) throw missingTools(program, missing);
  return buildProgram(program, cachedDirectory(program, environment), environment, say);
}

function isUsable(program: Program, path: string): boolean {
  const { stdout } = spawnSync(path, program.versionArguments, {
    encoding: 'utf8',
    timeout: VERSION_TIMEOUT_MS,
  });
  const version = parseVersion(stdout ?? '');
  return version !== undefined && program.accepts(version);
}

/** One directory a recipe and a system: a changed recipe is another program, and going back builds nothing. */
function cachedDirectory(program: Program, environment: NodeJS.ProcessEnv): string {
  const key = createHash('sha256').update(`${program.version}\0${process.platform}\0${arch()}\0`);
  // InfluxDB is linked to the system's C library.
  if (existsSync('/etc/os-release')) key.update(readFileSync('/etc/os-release'));
  for (const ingredient of program.ingredients()) key.update('\0').update(ingredient);
  const hash = key.digest('hex').slice(0, 16);
  return join(cacheDirectory(environment), `${program.title.toLowerCase()}-${hash}`);
}

function missingTools(program: Program, missing: readonly BuildTool[]): EgizError {
  const packages = missing.flatMap((tool) => tool.package ?? []);
  const others = missing.flatMap((tool) => tool.from ?? []);
  const ways = [
    ...(packages.length === 0 ? [] : [`sudo apt-get install ${packages.join(' ')}`]),
    ...others.map((what) => `install ${what}`),
  ];
  const names = missing.map((tool) => tool.program).join(', ');
  return new EgizError(
    'PROGRAM_MISSING',
    `${program.title} is not on the PATH (${program.accepted}) and cannot be built: ${names} missing`,
    {
      id: program.name,
      mend: `Put ${program.title} on the PATH; or ${ways.join('; ')}; and try again.`,
    },
  );
}
