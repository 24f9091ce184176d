import { resolve } from 'node:path';
import type { Command } from 'commander';
import { setUpArchive } from '../../lib/archive/setup';
import { printResult } from '../outcome';
import { type ArchiveOptions, archiveCommand, influxOptions, secretsDirectory } from './options';

interface SetupOptions extends ArchiveOptions {
  readonly adminTokenFile?: string;
  readonly shorten?: true;
  readonly dryRun?: true;
}

export function registerSetup(archive: Command): void {
  archiveCommand(archive, 'setup', 'Make buckets, tasks and tokens, or mend what deviates. Safe to repeat.')
    .option('--admin-token-file <file>', "the administrator's token, of an InfluxDB set up by others")
    .option('--shorten', 'let the retention of a bucket be shortened: what is older is deleted')
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'print one JSON object')
    .action(setup);
}

async function setup(options: SetupOptions): Promise<void> {
  const { org, adminTokenFile, json } = options;
  const dryRun = options.dryRun === true;
  const done = await setUpArchive({
    ...influxOptions(options),
    org,
    directory: resolve(secretsDirectory(options)),
    dryRun,
    shorten: options.shorten === true,
    ...(adminTokenFile === undefined ? {} : { adminTokenFile: resolve(adminTokenFile) }),
    say: (text) => {
      if (json !== true) console.log(text);
    },
  });
  printResult(json === true, { ...done, dryRun }, [
    `${done.changes.length} changes ${dryRun ? 'would be made' : 'made'}; organisation ${done.org} at ${done.url}`,
    ...Object.entries(done.tokens).map(([name, file]) => `token of ${name}: ${file}`),
  ]);
}
