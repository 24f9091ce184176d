import type { Row } from './csv';
import type { Influx } from './influx';
import type { Run } from './sequences';
import { type Extent, seriesKey, type Topic, telemetryFlux, topicOf } from './series';

interface Message {
  readonly seq: number;
  readonly time: number;
}

/** What the storage engine sums up by itself of one series; fast, however many messages there are. */
export interface Totals {
  readonly topic: Topic;
  readonly first: Message;
  readonly last: Message;
  readonly count: number;
  readonly sum: number;
  readonly lowestBoot: number;
  readonly highestBoot: number;
}

type Draft = { -readonly [Member in keyof Totals]?: Totals[Member] };

/** By the key of the series. */
export async function readTotals(influx: Influx, extent: Extent): Promise<Map<string, Totals>> {
  const drafts = new Map<string, Draft>();
  for await (const row of influx.query(extent.org, totalsFlux(extent))) {
    const key = seriesKey(row);
    const draft = drafts.get(key) ?? { topic: topicOf(row) };
    drafts.set(key, draft);
    note(row, draft);
  }
  return new Map([...drafts].filter((entry): entry is [string, Totals] => isComplete(entry[1])));
}

/** The only run of a series; undefined when its numbers may not follow each other without a step. */
export function wholeRun({ first, last, count, sum, lowestBoot, highestBoot }: Totals): Run | undefined {
  const whole =
    lowestBoot === highestBoot &&
    last.seq - first.seq + 1 === count &&
    // As many stored twice as missing would come to the same count.
    sum === ((first.seq + last.seq) * count) / 2;
  if (!whole) return undefined;
  return { boot: lowestBoot, from: first.seq, to: last.seq, fromTime: first.time, toTime: last.time };
}

function totalsFlux(extent: Extent): string {
  return `${telemetryFlux(extent)}
telemetry(field: "seq") |> first() |> yield(name: "first")
telemetry(field: "seq") |> last() |> yield(name: "last")
telemetry(field: "seq") |> count() |> yield(name: "count")
telemetry(field: "seq") |> sum() |> yield(name: "sum")
telemetry(field: "boot_id") |> min() |> yield(name: "lowest boot")
telemetry(field: "boot_id") |> max() |> yield(name: "highest boot")`;
}

function note(row: Row, draft: Draft): void {
  const value = Number(row.get('_value'));
  switch (row.get('result')) {
    case 'first':
      draft.first = { seq: value, time: Date.parse(row.get('_time')) };
      break;
    case 'last':
      draft.last = { seq: value, time: Date.parse(row.get('_time')) };
      break;
    case 'count':
      draft.count = value;
      break;
    case 'sum':
      draft.sum = value;
      break;
    case 'lowest boot':
      draft.lowestBoot = value;
      break;
    case 'highest boot':
      draft.highestBoot = value;
  }
}

/** A message that is being written while the parts of the query are read may be in some of them only. */
function isComplete({ first, last, count, sum, lowestBoot, highestBoot }: Draft): boolean {
  return ![first, last, count, sum, lowestBoot, highestBoot].includes(undefined);
}
