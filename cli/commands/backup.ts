import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EgizError } from '../../lib/errors/egiz-error';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite-store';
import { printResult } from '../outcome';
import { homePaths, resolveHome } from '../stack/home';

interface BackupOptions {
  readonly home?: string;
  readonly output: string;
  readonly json?: true;
}

export function registerBackup(program: Command): void {
  program
    .command('backup')
    .description('Write a consistent copy of the configuration store, also while the service runs.')
    .requiredOption('--output <file>', 'the copy; must not exist yet')
    .option('--home <dir>', 'data directory (default: OPENEGIZ_HOME, or .openegiz in the checkout)')
    .option('--json', 'print one JSON object')
    .action(backup);
}

async function backup(options: BackupOptions): Promise<void> {
  const { storeFile } = homePaths(resolveHome(options.home));
  const output = resolve(options.output);
  if (!existsSync(storeFile)) {
    throw new EgizError('STORE_MISSING', `There is no store at ${storeFile}`, {
      id: storeFile,
      mend: 'Name the data directory with --home, or start once with openegiz start.',
    });
  }
  if (existsSync(output)) {
    throw new EgizError('BACKUP_EXISTS', `${output} exists and is not overwritten`, {
      id: output,
      mend: 'Name another file.',
    });
  }
  const store = openSqliteStore(storeFile);
  try {
    await store.backup(output);
  } finally {
    await store.close();
  }
  printResult(options.json === true, { store: storeFile, output }, [`${storeFile} copied to ${output}`]);
}
