import type { Row } from './csv';
import type { Influx } from './influx';
import type { Run } from './sequences';
import { type Extent, seriesKey, type Topic, telemetryFlux, topicKey, topicOf } from './series';
import type { Totals } from './totals';

/** Where a run ends and the next begins. */
interface Cut {
  readonly time: number;
  readonly seq: number;
  readonly before: number;
  readonly beforeTime: number;
}

/** Where one series steps otherwise than by one: by the time as the database writes it. */
export interface Steps {
  readonly topic: Topic;
  readonly cuts: Map<string, Cut>;
  /** Where another boot begins. */
  readonly boots: Map<string, number>;
  firstBoot: number;
}

/**
 * The runs of series that have steps. The database looks for them, so that what comes back is a row a step.
 * @param totals of the series asked for, by their keys
 */
export async function stepRuns(
  influx: Influx,
  extent: Extent,
  totals: ReadonlyMap<string, Totals>,
): Promise<{ readonly topic: Topic; readonly run: Run }[]> {
  const found = new Map<string, Steps>();
  for await (const row of influx.query(extent.org, stepsFlux(extent))) {
    const key = seriesKey(row);
    if (!totals.has(key)) continue;
    const steps: Steps = found.get(key) ?? {
      topic: topicOf(row),
      cuts: new Map(),
      boots: new Map(),
      firstBoot: 0,
    };
    found.set(key, steps);
    note(row, steps);
  }
  const runs: { topic: Topic; run: Run }[] = [];
  for (const [key, steps] of found) {
    for (const time of steps.boots.keys()) {
      if (!steps.cuts.has(time)) await cutAt(time, steps, influx, extent);
    }
    const ends = totals.get(key);
    if (ends !== undefined) for (const run of runsOf(steps, ends)) runs.push({ topic: steps.topic, run });
  }
  return runs;
}

/** The order matters: `elapsed` leaves out the first row of a series, of which nothing is to be said here. */
function stepsFlux(extent: Extent): string {
  return `${telemetryFlux(extent)}
telemetry(field: "boot_id") |> first() |> yield(name: "first boot")
telemetry(field: "seq")
  |> duplicate(column: "_value", as: "seq")
  |> difference(keepFirst: true)
  |> elapsed(unit: 1ms)
  |> filter(fn: (r) => r._value != 1)
  |> yield(name: "cut")
telemetry(field: "boot_id")
  |> duplicate(column: "_value", as: "boot")
  |> difference()
  |> filter(fn: (r) => r._value != 0)
  |> yield(name: "boot")`;
}

function note(row: Row, steps: Steps): void {
  const at = row.get('_time');
  const time = Date.parse(at);
  const value = Number(row.get('_value'));
  switch (row.get('result')) {
    case 'first boot':
      steps.firstBoot = value;
      break;
    case 'boot':
      steps.boots.set(at, Number(row.get('boot')));
      break;
    case 'cut': {
      const seq = Number(row.get('seq'));
      const beforeTime = time - Number(row.get('elapsed'));
      steps.cuts.set(at, { time, seq, before: seq - value, beforeTime });
    }
  }
}

/** A boot whose first stored number happens to follow the last one of the boot before. */
async function cutAt(at: string, { topic, cuts }: Steps, influx: Influx, { org }: Extent): Promise<void> {
  const time = Date.parse(at);
  const flux = `${telemetryFlux({ org, start: time, stop: time + 1, devices: [topic.deviceId] })}
telemetry(field: "seq")`;
  for await (const row of influx.query(org, flux)) {
    if (row.get('_time') !== at || topicKey(topicOf(row)) !== topicKey(topic)) continue;
    const seq = Number(row.get('_value'));
    cuts.set(at, { time, seq, before: seq - 1, beforeTime: time });
  }
}

/**
 * Totals and steps are read one after the other: a message that was written between them belongs to the next reading,
 * and is left out here.
 */
export function runsOf({ firstBoot, cuts, boots }: Steps, { first, last }: Totals): Run[] {
  const known = [...cuts].filter(([, { time }]) => time > first.time && time <= last.time);
  const runs: Run[] = [];
  let open = { boot: firstBoot, from: first.seq, fromTime: first.time };
  for (const [at, { time, seq, before, beforeTime }] of known.sort(([, a], [, b]) => a.time - b.time)) {
    runs.push({ ...open, to: before, toTime: beforeTime });
    open = { boot: boots.get(at) ?? open.boot, from: seq, fromTime: time };
  }
  return [...runs, { ...open, to: last.seq, toTime: last.time }].filter(({ from, to }) => from <= to);
}
