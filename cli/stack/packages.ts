import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError } from '../../lib/errors/egiz-error';
import { findProgram, pathDirectories } from '../../lib/processes/find-program';
import { findMosquitto, type MosquittoProgram } from './mosquitto';

const INSTALL = ['apt-get', 'install', '-y', '--no-install-recommends'] as const;

/**
 * Mosquitto, installed first when it is not there: from Debian as root, as an ordinary user unpacked into
 * the home.
 * @throws EgizError `MOSQUITTO_MISSING` with the one command that installs it
 */
export async function provideMosquitto(
  packagesDirectory: string,
  say: (text: string) => void,
): Promise<MosquittoProgram> {
  const found = findMosquitto(packagesDirectory);
  if (found !== undefined) return found;
  const hasApt = findProgram('apt-get', pathDirectories(process.env)) !== undefined;
  if (hasApt && process.getuid?.() === 0) await installAsRoot(['mosquitto'], say);
  else if (hasApt) await unpackAsUser(packagesDirectory, say);
  const installed = findMosquitto(packagesDirectory);
  if (installed !== undefined) return installed;
  throw new EgizError('MOSQUITTO_MISSING', 'Mosquitto is not installed', {
    mend: hasApt
      ? `Run: sudo apt-get update && sudo ${INSTALL.join(' ')} mosquitto`
      : 'Install Mosquitto 2.0 or newer (https://mosquitto.org/download) and see that it is on the PATH.',
  });
}

export async function installAsRoot(packages: readonly string[], say: (text: string) => void): Promise<void> {
  say(`Installing from Debian: ${packages.join(' ')} …`);
  await run(['apt-get', 'update', '-qq']);
  await run([...INSTALL, ...packages]);
}

/** What apt would install is downloaded and unpacked; nothing of the system changes. */
async function unpackAsUser(packagesDirectory: string, say: (text: string) => void): Promise<void> {
  say(`Unpacking Mosquitto into ${packagesDirectory} …`);
  mkdirSync(packagesDirectory, { recursive: true, mode: 0o700 });
  const plan = spawnSync('apt-get', ['-s', '--no-install-recommends', 'install', 'mosquitto'], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const packages = packagesToInstall(plan.stdout ?? '');
  if (packages.length === 0) return;
  if (!(await run(['apt-get', 'download', ...packages], packagesDirectory))) return;
  const root = join(packagesDirectory, 'root');
  for (const file of readdirSync(packagesDirectory).filter((name) => name.endsWith('.deb'))) {
    await run(['dpkg', '-x', join(packagesDirectory, file), root]);
  }
}

/** The names in apt's plan: `Inst mosquitto (2.0.11-1.2 Debian:12/stable [amd64])`. */
export function packagesToInstall(plan: string): string[] {
  return [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
}

/** Shows the program's output as it comes, on the error output: `--json` stays clean. */
function run([command, ...args]: readonly string[], cwd?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command ?? '', args, {
      stdio: ['ignore', process.stderr, process.stderr],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      ...(cwd === undefined ? {} : { cwd }),
    });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
