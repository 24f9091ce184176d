import type { Command } from 'commander';
import { expiring, type ListedCertificate, listCertificates } from '../../lib/pki/listing';
import { EXIT_FAILED, printResult } from '../outcome';
import { openRegister, type PkiOptions, pkiCommand, pkiDirectory, wholeDays } from './options';

interface ListOptions extends PkiOptions {
  readonly within?: number;
  readonly all?: true;
}

export function registerListing(pki: Command): void {
  pkiCommand(pki, 'list', 'Say how many days are left, the first to expire at the head.')
    .option('--within <days>', 'exit with 1 when something expires within so many days', wholeDays)
    .option('--all', 'also those that were replaced or revoked')
    .action(list);
}

function list(options: ListOptions): void {
  const directory = pkiDirectory(options);
  const every = listCertificates(directory, openRegister(directory), new Date());
  const shown = options.all === true ? every : every.filter(({ state }) => isInUse(state));
  const soon = options.within === undefined ? [] : expiring(every, options.within);
  const verdict = options.within === undefined ? [] : [`${soon.length} expire within ${options.within} days`];
  printResult(options.json === true, { directory, certificates: shown, expiring: soon }, [
    ...table(shown),
    ...verdict,
  ]);
  if (soon.length > 0) process.exitCode = EXIT_FAILED;
}

function isInUse(state: ListedCertificate['state']): boolean {
  return state === 'valid' || state === 'expired';
}

function table(rows: readonly ListedCertificate[]): string[] {
  const cells = rows.map(({ daysLeft, name, kind, state, notAfter, serial = '' }) => [
    daysLeft.toFixed(0),
    name,
    kind,
    state,
    notAfter.slice(0, 10),
    serial,
  ]);
  const all = [['days left', 'name', 'kind', 'state', 'until', 'serial number'], ...cells];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padStart(widths[0] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
