import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What an archive consists of: `openegiz archive setup` makes it so, everything else relies on it. */

export const ARCHIVE_ORG = 'openegiz';

export type BucketName = 'raw' | 'downsampled' | 'dead_letter';

const DAY_SECONDS = 86_400;

/** NFR-7; what was refused is kept long enough to be looked into. In seconds. */
export const RETENTION: Readonly<Record<BucketName, number>> = {
  raw: 90 * DAY_SECONDS,
  downsampled: 365 * DAY_SECONDS,
  dead_letter: 30 * DAY_SECONDS,
};

/** Measurements of telemetry messages: each message has one point with `boot_id` and `seq` in one of them. */
export const TELEMETRY_MEASUREMENTS = ['electrical', 'thermal', 'environmental'] as const;

export type TokenName = 'telegraf' | 'grafana' | 'auditor';

export interface TokenRights {
  readonly write: readonly BucketName[];
  readonly read: readonly BucketName[];
  /** May see the tasks and how their runs ended. */
  readonly readTasks: boolean;
}

/** The least each of them can do its work with. */
export const TOKENS: Readonly<Record<TokenName, TokenRights>> = {
  telegraf: { write: ['raw', 'dead_letter'], read: [], readTasks: false },
  grafana: { write: [], read: ['raw', 'downsampled'], readTasks: false },
  auditor: { write: [], read: ['raw', 'dead_letter'], readTasks: true },
};

/** The file of a token in the directory of secrets; compose.yaml has the same names. */
export function tokenFile(directory: string, name: TokenName | 'admin'): string {
  return join(directory, `influx-${name}-token`);
}

/** By name, the file that holds the token. */
export type TokenFiles = Readonly<Record<TokenName, string>>;

export function tokenFiles(directory: string): TokenFiles {
  return {
    telegraf: tokenFile(directory, 'telegraf'),
    grafana: tokenFile(directory, 'grafana'),
    auditor: tokenFile(directory, 'auditor'),
  };
}

/** The files of `telegraf/influxdb/tasks`, each one task of its name with the prefix. */
const TASK_FILES = ['downsample-recent', 'downsample-hour', 'downsample-day'] as const;
const TASKS_DIRECTORY = join(__dirname, '..', '..', '..', 'telegraf', 'influxdb', 'tasks');
export const TASK_PREFIX = 'openegiz-';

export interface ArchiveTask {
  readonly name: string;
  readonly flux: string;
}

export function archiveTasks(): ArchiveTask[] {
  return TASK_FILES.map((file) => ({
    name: `${TASK_PREFIX}${file}`,
    flux: readFileSync(join(TASKS_DIRECTORY, `${file}.flux`), 'utf8'),
  }));
}
