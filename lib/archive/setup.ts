import { ensureBuckets } from './buckets';
import { type Change, Changes } from './changes';
import { Influx, type InfluxOptions } from './influx';
import { ARCHIVE_ORG, archiveTasks, RETENTION, TOKENS, type TokenFiles, tokenFiles } from './layout';
import { adminToken } from './onboarding';
import { ensureTasks } from './tasks';
import { ensureTokens } from './tokens';

export interface SetUpOptions extends Omit<InfluxOptions, 'token'> {
  /** Where the secrets lie, `influx-NAME-token` each. */
  readonly directory: string;
  readonly org?: string;
  /** Of an InfluxDB that somebody else has set up; else `influx-admin-token` in the directory. */
  readonly adminTokenFile?: string;
  /** Only tells what would be done. */
  readonly dryRun?: boolean;
  /** Lets the retention of a bucket be shortened, which deletes what is older. */
  readonly shorten?: boolean;
  /** Told every change as a line of text. */
  readonly say?: (text: string) => void;
}

export interface Archive {
  readonly url: string;
  readonly org: string;
  /** The one Telegraf writes to. */
  readonly bucket: 'raw';
  /** By name, the file that holds the token. */
  readonly tokens: TokenFiles;
  /** Empty: everything was as it should be. */
  readonly changes: readonly Change[];
}

/**
 * Brings an InfluxDB 2 into the form of the archive: buckets, tasks, tokens. Safe to repeat, and after an end at
 * any step: what is right stays, what is missing is made, what deviates is mended.
 * @throws EgizError `ADMIN_TOKEN_MISSING`, `RETENTION_LONGER`, `INFLUX_UNREACHABLE`, `INFLUX_UNAUTHORIZED` …
 */
export async function setUpArchive(options: SetUpOptions): Promise<Archive> {
  const { directory, org = ARCHIVE_ORG, adminTokenFile: file, shorten = false } = options;
  const changes = new Changes(options.dryRun === true, options.say ?? (() => undefined));
  const server = new Influx(options);
  const token = await adminToken(server, { org, directory, ...(file && { file }) }, changes);
  const influx = token === undefined ? undefined : server.withToken(token);
  const orgID = influx === undefined ? undefined : await ensureOrg(influx, org, changes);
  if (influx === undefined || orgID === undefined) await announceAll(changes);
  else {
    const buckets = await ensureBuckets(influx, orgID, shorten, changes);
    await ensureTasks(influx, orgID, changes);
    await ensureTokens(influx, orgID, buckets, directory, changes);
  }
  return { url: server.url, org, bucket: 'raw', tokens: tokenFiles(directory), changes: changes.list };
}

/** @returns its id; undefined in a dry run when it is not there */
async function ensureOrg(influx: Influx, name: string, changes: Changes): Promise<string | undefined> {
  let id = await findOrg(influx, name);
  if (id !== undefined) return id;
  await changes.make('organisation', name, 'made', async () => {
    ({ id } = await influx.call<{ id: string }>('POST', '/api/v2/orgs', { name }));
  });
  return id;
}

async function findOrg(influx: Influx, name: string): Promise<string | undefined> {
  const path = `/api/v2/orgs?${new URLSearchParams({ org: name })}`;
  return (await influx.find<{ orgs: readonly { readonly id: string }[] }>(path))?.orgs[0]?.id;
}

/** In a dry run against a server that has nothing yet. */
async function announceAll(changes: Changes): Promise<void> {
  const nothing = async () => undefined;
  for (const name of Object.keys(RETENTION)) await changes.make('bucket', name, 'made', nothing);
  for (const { name } of archiveTasks()) await changes.make('task', name, 'made', nothing);
  for (const name of Object.keys(TOKENS)) await changes.make('token', name, 'made', nothing);
}
