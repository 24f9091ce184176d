import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { signalReload } from '../../lib/broker/process';
import { filesOf, SERVER_CERTIFICATE } from '../../lib/pki/enrol';
import { REVOCATION_REASONS, type RevocationReason } from '../../lib/pki/register';
import { revoke, writeRevocationLists } from '../../lib/pki/revocation';
import { mendPair } from '../../lib/pki/rotation';
import { printResult } from '../outcome';
import { openRegister, type PkiOptions, pkiCommand, pkiDirectory, wholeDays } from './options';

interface CrlOptions extends PkiOptions {
  readonly days?: number;
  readonly reload?: string;
}

interface RevokeOptions extends CrlOptions {
  readonly reason: RevocationReason;
}

export function registerRevocation(pki: Command): void {
  withCrl(
    pkiCommand(pki, 'revoke', 'Revoke the certificates of an account and write the revocation lists.')
      .argument('<name>', 'an account (all its certificates), or the serial number of one')
      .option('--reason <reason>', REVOCATION_REASONS.join(', '), reasonOf, 'unspecified'),
  ).action(revokeOne);
  withCrl(pkiCommand(pki, 'crl', 'Write the revocation lists anew, before they run out.')).action(writeLists);
}

function withCrl(command: Command): Command {
  return command
    .option('--days <n>', 'the lists are valid for so many days (default: 365)', wholeDays)
    .option('--reload <pidfile>', 'then make the running Mosquitto read them');
}

async function revokeOne(which: string, options: RevokeOptions): Promise<void> {
  const directory = pkiDirectory(options);
  const register = openRegister(directory);
  const now = new Date();
  const revoked = revoke(register, which, options.reason, now);
  const files = await updateLists(directory, options, now);
  const lines = revoked.map(({ serial, name }) => `${serial} of "${name}" revoked`);
  printResult(options.json === true, { revoked, files, reloaded: options.reload !== undefined }, [
    ...(lines.length === 0 ? ['It was revoked, or had expired, before'] : lines),
    ...written(files, options),
    'New connections are refused; who is connected stays until it leaves: take it out of the inventory too.',
  ]);
}

async function writeLists(options: CrlOptions): Promise<void> {
  const files = await updateLists(pkiDirectory(options), options, new Date());
  printResult(
    options.json === true,
    { files, reloaded: options.reload !== undefined },
    written(files, options),
  );
}

async function updateLists(directory: string, options: CrlOptions, now: Date): Promise<string[]> {
  const files = await writeRevocationLists(directory, openRegister(directory), { now, days: options.days });
  if (options.reload !== undefined) {
    await mendPair(filesOf(directory, SERVER_CERTIFICATE));
    signalReload(resolve(options.reload));
  }
  return files;
}

function written(files: readonly string[], { reload }: CrlOptions): string[] {
  const told = reload === undefined ? ' (the broker has not been told: --reload PIDFILE)' : '';
  return [`${files.join(' and ')} written${told}`];
}

function reasonOf(text: string): RevocationReason {
  const found = REVOCATION_REASONS.find((reason) => reason === text);
  if (found === undefined) {
    throw new InvalidArgumentError(`It must be one of ${REVOCATION_REASONS.join(', ')}.`);
  }
  return found;
}
