import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Endpoint, parseEndpoint } from '../../lib/broker/handshake';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import { CertificateRegister } from '../../lib/pki/register';
import type { RunningServer } from '../../lib/pki/rotation';
import { homePaths, resolveHome } from '../stack/home';

/** Options every `openegiz pki` command has. */
export interface PkiOptions {
  readonly directory?: string;
  readonly home?: string;
  readonly json?: true;
}

/** Options of those that change what a running broker uses. */
export interface ReloadOptions {
  readonly reload?: string;
  readonly probe?: readonly Endpoint[];
}

export function pkiCommand(pki: Command, name: string, description: string): Command {
  return pki
    .command(name)
    .description(description)
    .option('--directory <dir>', 'where the authorities are (default: pki in the data directory)')
    .option('--home <dir>', 'data directory (default: OPENEGIZ_HOME, or .openegiz in the checkout)')
    .option('--json', 'print one JSON object');
}

export function withReload(command: Command): Command {
  return command
    .option('--reload <pidfile>', 'then make the running Mosquitto take it up')
    .option('--probe <host:port>', 'a listener that must show the new certificate; repeatable', endpoints);
}

export function pkiDirectory({ directory, home }: PkiOptions): string {
  return directory === undefined ? homePaths(resolveHome(home)).pkiDirectory : resolve(directory);
}

/** @throws EgizError `PKI_MISSING` */
export function openRegister(directory: string): CertificateRegister {
  if (existsSync(join(directory, 'ca.crt'))) return new CertificateRegister(directory);
  throw new EgizError('PKI_MISSING', `There is no authority in ${directory}`, {
    id: directory,
    mend: 'Name its directory with --directory, or make one with openegiz pki init.',
  });
}

/** @throws EgizError `PROBE_WITHOUT_RELOAD` */
export function runningServer({ reload, probe = [] }: ReloadOptions): RunningServer | undefined {
  if (reload !== undefined) return { pidFile: resolve(reload), endpoints: probe };
  if (probe.length === 0) return undefined;
  throw new EgizError('PROBE_WITHOUT_RELOAD', '--probe asks a broker that was not told to take anything up', {
    mend: "Name the broker's pid file with --reload.",
  });
}

/** @throws EgizError `FILE_UNREADABLE` */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (fault) {
    throw new EgizError('FILE_UNREADABLE', `${file} cannot be read: ${toEgizError(fault).message}`, {
      id: file,
      mend: 'Name a file that exists and may be read.',
    });
  }
}

export function wholeDays(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) === 0) {
    throw new InvalidArgumentError('It must be a whole number of days, 1 or more.');
  }
  return Number(text);
}

/** Collects a repeatable option. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function endpoints(text: string, before: readonly Endpoint[] = []): readonly Endpoint[] {
  try {
    return [...before, parseEndpoint(text)];
  } catch (fault) {
    throw new InvalidArgumentError(toEgizError(fault).message);
  }
}
