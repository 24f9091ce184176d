import type { Influx } from './influx';
import type { Run } from './sequences';
import { type Extent, seriesKey, type Topic, telemetryFlux, topicKey, topicOf } from './series';
import { stepRuns } from './steps';
import { readTotals, type Totals, wholeRun } from './totals';

export interface StoredRun {
  readonly topic: Topic;
  readonly run: Run;
}

/** Up to so many boards are asked for by name, more all together. */
const BOARDS_BY_NAME = 50;

/**
 * The stored sequence numbers as runs. Series without a step are known by their totals; only in the others the
 * database looks at every message.
 */
export async function storedRuns(influx: Influx, extent: Extent): Promise<StoredRun[]> {
  const runs: StoredRun[] = [];
  const stepping = new Map<string, Totals>();
  for (const [key, totals] of await readTotals(influx, extent)) {
    const run = wholeRun(totals);
    if (run === undefined) stepping.set(key, totals);
    else runs.push({ topic: totals.topic, run });
  }
  if (stepping.size === 0) return runs;
  const devices = [...stepping.values()].map(({ topic }) => topic.deviceId);
  return [...runs, ...(await stepRuns(influx, narrowed(extent, devices), stepping))];
}

/** The extent for these boards only, unless they are too many to be named. */
export function narrowed<Scope extends Pick<Extent, 'devices'>>(
  scope: Scope,
  devices: readonly string[],
): Scope {
  const named = [...new Set(devices)];
  return named.length > BOARDS_BY_NAME ? scope : { ...scope, devices: named };
}

/** The newest message of each board in the extent, as a run of one. */
export async function newestRuns(influx: Influx, extent: Extent): Promise<StoredRun[]> {
  const boots = new Map<string, number>();
  const messages = new Map<string, { readonly topic: Topic; readonly seq: number; readonly time: number }>();
  for await (const row of influx.query(extent.org, newestFlux(extent))) {
    const value = Number(row.get('_value'));
    if (row.get('result') === 'boot') boots.set(seriesKey(row), value);
    else
      messages.set(seriesKey(row), { topic: topicOf(row), seq: value, time: Date.parse(row.get('_time')) });
  }
  const newest = new Map<string, StoredRun>();
  for (const [key, { topic, seq, time }] of messages) {
    if ((newest.get(topicKey(topic))?.run.toTime ?? 0) > time) continue;
    const run = { boot: boots.get(key) ?? 0, from: seq, to: seq, fromTime: time, toTime: time };
    newest.set(topicKey(topic), { topic, run });
  }
  return [...newest.values()];
}

function newestFlux(extent: Extent): string {
  return `${telemetryFlux(extent)}
telemetry(field: "seq") |> last() |> yield(name: "seq")
telemetry(field: "boot_id") |> last() |> yield(name: "boot")`;
}
