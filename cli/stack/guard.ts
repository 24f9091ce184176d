import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { findProgram, pathDirectories } from '../../lib/processes/find-program';
import { cacheDirectory } from '../../lib/programs/cache';
import { PACKAGE_ROOT } from './home';
import { installAsRoot } from './packages';

/** What the plugin is built with, and by which Debian package it comes. */
const NEEDED = [
  { package: 'cmake', program: 'cmake' },
  { package: 'make', program: 'make' },
  { package: 'gcc', program: 'cc' },
  { package: 'libc6-dev', file: '/usr/include/stdlib.h' },
  { package: 'mosquitto-dev', file: '/usr/include/mosquitto_plugin.h' },
  { package: 'libmosquitto-dev', file: '/usr/include/mosquitto.h' },
  { package: 'libssl-dev', file: '/usr/include/openssl/ssl.h' },
] as const;

const PLUGIN = 'egiz_guard.so';

export interface GuardSources {
  /** broker/plugin of the checkout or the installed package. */
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
}

const OURS: GuardSources = { directory: join(PACKAGE_ROOT, 'broker', 'plugin'), environment: process.env };

/**
 * The guard plugin, built once for each state of its sources into the user's cache. A broker without it keeps
 * accounts and ACL, and has neither rate limit nor audit log: that is said in one line, and no reason to fail.
 * @returns the shared object, or undefined
 */
export async function provideGuard(
  say: (text: string, level?: 'warning') => void,
  sources: GuardSources = OURS,
): Promise<string | undefined> {
  const without = (why: string) =>
    say(`The guard plugin (rate limit, audit) is not loaded: ${why}`, 'warning');
  if (!existsSync(join(sources.directory, 'CMakeLists.txt'))) {
    without(`there are no sources in ${sources.directory}`);
    return undefined;
  }
  const directory = join(cacheDirectory(sources.environment), `guard-${fingerprint(sources.directory)}`);
  const built = join(directory, PLUGIN);
  if (existsSync(built)) return built;
  const missing = await installMissing(sources.environment, say);
  if (missing.length > 0) {
    without(`to build it, run sudo apt-get install ${missing.join(' ')}`);
    return undefined;
  }
  say('Building the guard plugin …');
  const fault = await build(sources, directory);
  if (fault !== undefined) without(fault);
  return fault === undefined ? built : undefined;
}

/** What the result depends on: the sources, and the system whose libraries it is linked to. */
function fingerprint(directory: string): string {
  const hash = createHash('sha256').update(arch());
  if (existsSync('/etc/os-release')) hash.update(readFileSync('/etc/os-release'));
  const sources = readdirSync(join(directory, 'src')).map((name) => join('src', name));
  for (const name of ['CMakeLists.txt', ...sources.sort()]) {
    hash.update(`\0${name}\0`).update(readFileSync(join(directory, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function installMissing(
  environment: NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<readonly string[]> {
  const missing = missingPackages(environment);
  const hasApt = findProgram('apt-get', pathDirectories(environment)) !== undefined;
  if (missing.length === 0 || !hasApt || process.getuid?.() !== 0) return missing;
  await installAsRoot(missing, say);
  return missingPackages(environment);
}

function missingPackages(environment: NodeJS.ProcessEnv): string[] {
  return NEEDED.filter((need) =>
    'file' in need
      ? !existsSync(need.file)
      : findProgram(need.program, pathDirectories(environment)) === undefined,
  ).map((need) => need.package);
}

/** Beside the result and then moved there, so that two starts do not meet. Returns what went wrong. */
async function build({ directory: source, environment }: GuardSources, result: string) {
  mkdirSync(join(result, '..'), { recursive: true, mode: 0o700 });
  const draft = mkdtempSync(`${result}-`);
  const log = `${result}.log`;
  try {
    const done =
      (await run(['cmake', '-S', source, '-B', draft], environment, log)) &&
      (await run(['cmake', '--build', draft, '--parallel', '2', '--target', 'egiz_guard'], environment, log));
    if (!done) return `it could not be built, see ${log}`;
    mkdirSync(result, { recursive: true, mode: 0o700 });
    renameSync(join(draft, PLUGIN), join(result, PLUGIN));
    rmSync(log, { force: true });
    return undefined;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function run([command, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv, logFile: string) {
  return new Promise<boolean>((resolve) => {
    const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.once('error', () => resolve(false));
    child.once('close', (code) => log.end(() => resolve(code === 0)));
  });
}
