import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError, toEgizError } from '../errors/egiz-error';
import { SECRET_MODE, writeFileAtomic } from '../files/atomic';
import type { Changes } from './changes';
import type { Influx } from './influx';
import { RETENTION, tokenFile } from './layout';

const SECRET_BYTES = 32;
const ADMIN_USER = 'admin';

/**
 * The token to set everything up with. An InfluxDB that nobody has set up yet gets its first user, organisation
 * and bucket; password and token are made here and written before they are sent, so that none is ever lost.
 * @returns undefined where a dry run stops at a server that is not set up
 * @throws EgizError `ADMIN_TOKEN_MISSING`
 */
export async function adminToken(
  influx: Influx,
  { org, directory, file }: { readonly org: string; readonly directory: string; readonly file?: string },
  changes: Changes,
): Promise<string | undefined> {
  const { allowed } = await influx.call<{ allowed: boolean }>('GET', '/api/v2/setup');
  const source = file ?? tokenFile(directory, 'admin');
  if (!allowed) return readToken(source, influx.url);
  await changes.make('server', influx.url, 'set up', async () => {
    const password = secretOf(join(directory, 'influx-admin-password'));
    const token = secretOf(source);
    const first = { org, bucket: 'raw', retentionPeriodSeconds: RETENTION.raw };
    await influx.call('POST', '/api/v2/setup', { username: ADMIN_USER, password, token, ...first });
  });
  return changes.dryRun ? undefined : readToken(source, influx.url);
}

function secretOf(file: string): string {
  if (!existsSync(file)) {
    writeFileAtomic(file, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`, SECRET_MODE);
  }
  return readFileSync(file, 'utf8').trim();
}

function readToken(file: string, url: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (fault) {
    throw new EgizError(
      'ADMIN_TOKEN_MISSING',
      `InfluxDB at ${url} is set up already, and its administrator's token cannot be read: ${toEgizError(fault).message}`,
      { id: file, mend: 'Name the file with it by --admin-token-file.' },
    );
  }
}
