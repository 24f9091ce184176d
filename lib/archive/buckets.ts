import { EgizError } from '../errors/egiz-error';
import type { Changes } from './changes';
import type { Influx } from './influx';
import { type BucketName, RETENTION } from './layout';

interface Bucket {
  readonly id: string;
  readonly name: string;
  /** Empty: kept for ever. */
  readonly retentionRules: readonly { readonly everySeconds: number }[];
}

export type BucketIds = Readonly<Partial<Record<BucketName, string>>>;

/**
 * Makes the buckets with their retention.
 * @param shorten lets a retention be shortened, which deletes what is older
 * @returns their ids; in a dry run without those that would be made
 * @throws EgizError `RETENTION_LONGER`
 */
export async function ensureBuckets(
  influx: Influx,
  orgID: string,
  shorten: boolean,
  changes: Changes,
): Promise<BucketIds> {
  const ids: Partial<Record<BucketName, string>> = {};
  for (const name of Object.keys(RETENTION) as BucketName[]) {
    const found = await findBucket(influx, orgID, name);
    const id =
      found === undefined
        ? await makeBucket(influx, orgID, name, changes)
        : await mendBucket(influx, found, RETENTION[name], shorten, changes);
    if (id !== undefined) ids[name] = id;
  }
  return ids;
}

async function findBucket(influx: Influx, orgID: string, name: string): Promise<Bucket | undefined> {
  const path = `/api/v2/buckets?${new URLSearchParams({ orgID, name })}`;
  return (await influx.find<{ buckets: readonly Bucket[] }>(path))?.buckets[0];
}

async function makeBucket(
  influx: Influx,
  orgID: string,
  name: BucketName,
  changes: Changes,
): Promise<string | undefined> {
  let id: string | undefined;
  await changes.make('bucket', name, `made, ${inDays(RETENTION[name])}`, async () => {
    const bucket = { orgID, name, retentionRules: retentionRules(RETENTION[name]) };
    ({ id } = await influx.call<Bucket>('POST', '/api/v2/buckets', bucket));
  });
  return id;
}

async function mendBucket(
  influx: Influx,
  { id, name, retentionRules: rules }: Bucket,
  wanted: number,
  shorten: boolean,
  changes: Changes,
): Promise<string> {
  const present = rules[0]?.everySeconds ?? 0;
  if (present === wanted) return id;
  if ((present === 0 || present > wanted) && !shorten) {
    throw new EgizError(
      'RETENTION_LONGER',
      `Bucket ${name} keeps what it has ${inDays(present)}; with ${inDays(wanted)} what is older is deleted`,
      { id: name, mend: 'Say --shorten if that is wanted, or use another organisation with --org.' },
    );
  }
  await changes.make('bucket', name, `${inDays(wanted)}, was ${inDays(present)}`, async () => {
    await influx.call('PATCH', `/api/v2/buckets/${id}`, { retentionRules: retentionRules(wanted) });
  });
  return id;
}

function retentionRules(everySeconds: number) {
  return [{ type: 'expire', everySeconds }];
}

function inDays(seconds: number): string {
  return seconds === 0 ? 'for ever' : `${seconds / 86_400} days`;
}
