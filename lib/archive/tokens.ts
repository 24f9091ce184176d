import { existsSync, readFileSync } from 'node:fs';
import { rewriteFileAtomic } from '../files/atomic';
import type { BucketIds } from './buckets';
import type { Changes } from './changes';
import type { Influx } from './influx';
import { type BucketName, TOKENS, type TokenName, type TokenRights, tokenFile } from './layout';

interface Permission {
  readonly action: 'read' | 'write';
  readonly resource: { readonly type: string; readonly orgID?: string; readonly id?: string };
}

interface Authorization {
  readonly id: string;
  readonly token: string;
  readonly status: 'active' | 'inactive';
  readonly description: string;
  readonly permissions: readonly Permission[];
}

/** Makes the tokens, known by their descriptions, and writes each into a file that only its owner may read. */
export async function ensureTokens(
  influx: Influx,
  orgID: string,
  buckets: BucketIds,
  directory: string,
  changes: Changes,
): Promise<void> {
  const path = `/api/v2/authorizations?${new URLSearchParams({ orgID })}`;
  const present = await influx.call<{ authorizations: readonly Authorization[] }>('GET', path);
  for (const name of Object.keys(TOKENS) as TokenName[]) {
    const description = `openegiz ${name}`;
    const own = present.authorizations.filter((one) => one.description === description);
    const permissions = permissionsOf(TOKENS[name], orgID, buckets);
    const good = own.find((one) => one.status === 'active' && same(one.permissions, permissions));
    const file = tokenFile(directory, name);
    if (good === undefined) {
      const what = own.length === 0 ? 'made' : 'made anew, its rights were others';
      await changes.make('token', name, what, async () => {
        const wanted = { orgID, description, permissions };
        const made = await influx.call<Authorization>('POST', '/api/v2/authorizations', wanted);
        writeToken(file, made.token);
      });
    } else await ensureFile(file, good.token, changes);
    for (const { id } of own.filter((one) => one !== good)) {
      await changes.make('token', name, 'an older one taken away', async () => {
        await influx.call('DELETE', `/api/v2/authorizations/${id}`);
      });
    }
  }
}

async function ensureFile(file: string, token: string, changes: Changes): Promise<void> {
  if (existsSync(file) && readFileSync(file, 'utf8').trim() === token) return;
  await changes.make('file', file, 'written', async () => writeToken(file, token));
}

/** Without an end of the line: Telegraf sends what is in the file as it stands. */
function writeToken(file: string, token: string): void {
  rewriteFileAtomic(file, token);
}

/** A bucket that a dry run has not made has no id: its rights are then those of no token that is there. */
function permissionsOf(
  { read, write, readTasks }: TokenRights,
  orgID: string,
  buckets: BucketIds,
): Permission[] {
  const bucket = (action: Permission['action']) => (name: BucketName) => ({
    action,
    resource: { type: 'buckets', orgID, id: buckets[name] ?? '' },
  });
  const tasks: Permission[] = [{ action: 'read', resource: { type: 'tasks', orgID } }];
  return [...read.map(bucket('read')), ...write.map(bucket('write')), ...(readTasks ? tasks : [])];
}

/** InfluxDB answers with more members than it was asked for, in an order of its own. */
function same(some: readonly Permission[], others: readonly Permission[]): boolean {
  const words = (permissions: readonly Permission[]) =>
    permissions
      .map(({ action, resource }) => [action, resource.type, resource.orgID, resource.id].join())
      .sort()
      .join(';');
  return words(some) === words(others);
}
