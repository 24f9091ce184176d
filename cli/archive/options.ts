import { join } from 'node:path';
import type { Command } from 'commander';
import type { InfluxOptions } from '../../lib/archive/influx';
import { ARCHIVE_ORG } from '../../lib/archive/layout';
import { readText } from '../pki/options';
import { resolveHome } from '../stack/home';

/** Options of every `openegiz archive` command. */
export interface ArchiveOptions {
  readonly url: string;
  readonly org: string;
  readonly ca?: string;
  readonly allowPlaintext?: true;
  readonly directory?: string;
  readonly home?: string;
  readonly json?: true;
}

export function archiveCommand(archive: Command, name: string, description: string): Command {
  return archive
    .command(name)
    .description(description)
    .requiredOption('--url <url>', 'of InfluxDB 2: https://HOST:PORT, or http:// on this machine')
    .option('--org <name>', 'the organisation', ARCHIVE_ORG)
    .option('--directory <dir>', 'where tokens are kept (default: archive in the data directory)')
    .option('--home <dir>', 'data directory (default: OPENEGIZ_HOME, or .openegiz in the checkout)')
    .option('--ca <file>', "the authority that signed InfluxDB's certificate (default: the system's)")
    .option('--allow-plaintext', 'use http:// over a network that is trusted');
}

export function secretsDirectory({ directory, home }: ArchiveOptions): string {
  return directory ?? join(resolveHome(home), 'archive');
}

export function influxOptions({ url, ca, allowPlaintext }: ArchiveOptions): Omit<InfluxOptions, 'token'> {
  return {
    url,
    ...(ca === undefined ? {} : { ca: readText(ca) }),
    ...(allowPlaintext === undefined ? {} : { allowPlaintext }),
  };
}
