import type { Row } from './csv';
import type { Influx } from './influx';
import { TELEMETRY_MEASUREMENTS } from './layout';
import type { Run } from './sequences';

/** What is read of the raw bucket. Times in ms since 1970, `stop` exclusive. */
export interface Extent {
  readonly org: string;
  readonly start: number;
  readonly stop: number;
  /** Device ids, checked identifiers; absent: all. */
  readonly devices?: readonly string[] | undefined;
}

/** Who counts: one board on one topic. */
export interface Topic {
  readonly factoryId: string;
  readonly equipmentType: string;
  readonly equipmentId: string;
  readonly sensorType: string;
  readonly deviceId: string;
}

export interface StoredRun {
  readonly topic: Topic;
  readonly run: Run;
}

/** Where a run ends and the next begins. */
interface Cut {
  readonly time: number;
  readonly seq: number;
  readonly before: number;
  readonly beforeTime: number;
}

/** One series of `seq` and the same of `boot_id`: what the database says about where they step otherwise than by one. */
interface Series {
  readonly topic: Topic;
  readonly cuts: Map<string, Cut>;
  readonly boots: Map<string, number>;
  first?: { readonly seq: number; readonly time: number };
  last?: { readonly seq: number; readonly time: number };
  boot: number;
}

/**
 * The stored sequence numbers as runs. The database looks for the steps, so that what comes back is a few rows a
 * board, however many messages there are. A board with several series (a unit tag is there only with its
 * quantity) has runs from each.
 */
export async function storedRuns(influx: Influx, extent: Extent): Promise<StoredRun[]> {
  const found = new Map<string, Series>();
  for await (const row of influx.query(extent.org, stepsFlux(extent))) note(row, found);
  const runs: StoredRun[] = [];
  for (const series of found.values()) {
    for (const time of series.boots.keys()) {
      if (!series.cuts.has(time)) await cutAt(time, series, influx, extent);
    }
    for (const run of runsOf(series)) runs.push({ topic: series.topic, run });
  }
  return runs;
}

/** The newest message of each board in the extent, as a run of one. */
export async function newestRuns(influx: Influx, extent: Extent): Promise<StoredRun[]> {
  const found = new Map<string, Series>();
  const flux = `${telemetryFlux(extent)}
telemetry(field: "seq") |> last() |> yield(name: "last")
telemetry(field: "boot_id") |> last() |> yield(name: "boot")`;
  for await (const row of influx.query(extent.org, flux)) note(row, found);
  const newest = new Map<string, StoredRun>();
  for (const { topic, last, boot } of found.values()) {
    const key = topicKey(topic);
    if (last === undefined || (newest.get(key)?.run.toTime ?? 0) > last.time) continue;
    const { seq, time } = last;
    newest.set(key, { topic, run: { boot, from: seq, to: seq, fromTime: time, toTime: time } });
  }
  return [...newest.values()];
}

export function topicKey({ factoryId, equipmentType, equipmentId, sensorType, deviceId }: Topic): string {
  return [factoryId, equipmentType, equipmentId, sensorType, deviceId].join('/');
}

/** `any(r => r.COLUMN == …)` for Flux, of values that hold no quote. */
export function anyOf(column: string, values: readonly string[]): string {
  return values.map((value) => `r.${column} == "${value}"`).join(' or ');
}

export function rangeFlux({ start, stop }: Pick<Extent, 'start' | 'stop'>): string {
  return `range(start: ${new Date(start).toISOString()}, stop: ${new Date(stop).toISOString()})`;
}

function telemetryFlux(extent: Extent): string {
  const { devices } = extent;
  const ofDevices = devices === undefined ? '' : `\n  |> filter(fn: (r) => ${anyOf('device_id', devices)})`;
  return `telemetry = (field) => from(bucket: "raw")
  |> ${rangeFlux(extent)}
  |> filter(fn: (r) => ${anyOf('_measurement', TELEMETRY_MEASUREMENTS)})
  |> filter(fn: (r) => r._field == field)${ofDevices}
`;
}

/** The order matters: `elapsed` leaves out the first row of a series, which `first` has. */
function stepsFlux(extent: Extent): string {
  return `${telemetryFlux(extent)}
telemetry(field: "seq") |> first() |> yield(name: "first")
telemetry(field: "seq") |> last() |> yield(name: "last")
telemetry(field: "boot_id") |> first() |> yield(name: "boot")
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
  |> yield(name: "reboot")`;
}

/** Columns that are not tags. */
const NO_TAGS: ReadonlySet<string> = new Set(['', 'result', 'table', 'seq', 'boot', 'elapsed']);

function note(row: Row, found: Map<string, Series>): void {
  const tags = row.columns.filter((column) => !NO_TAGS.has(column) && !column.startsWith('_'));
  const key = [row.get('_measurement'), ...tags.flatMap((tag) => [tag, row.get(tag)])].join('\0');
  const series: Series = found.get(key) ?? {
    topic: topicOf(row),
    cuts: new Map(),
    boots: new Map(),
    boot: 0,
  };
  found.set(key, series);
  const at = row.get('_time');
  const time = Date.parse(at);
  const value = Number(row.get('_value'));
  switch (row.get('result')) {
    case 'first':
      series.first = { seq: value, time };
      break;
    case 'last':
      series.last = { seq: value, time };
      break;
    case 'boot':
      series.boot = value;
      break;
    case 'cut': {
      const seq = Number(row.get('seq'));
      series.cuts.set(at, { time, seq, before: seq - value, beforeTime: time - Number(row.get('elapsed')) });
      break;
    }
    case 'reboot':
      series.boots.set(at, Number(row.get('boot')));
  }
}

function topicOf(row: Row): Topic {
  return {
    factoryId: row.get('factory_id'),
    equipmentType: row.get('equipment_type'),
    equipmentId: row.get('equipment_id'),
    sensorType: row.get('sensor_type'),
    deviceId: row.get('device_id'),
  };
}

/** A boot whose first stored number happens to follow the last one of the boot before. */
async function cutAt(at: string, { topic, cuts }: Series, influx: Influx, { org }: Extent): Promise<void> {
  const time = Date.parse(at);
  const flux = `${telemetryFlux({ org, start: time, stop: time + 1, devices: [topic.deviceId] })}
telemetry(field: "seq")`;
  for await (const row of influx.query(org, flux)) {
    if (row.get('_time') !== at || topicKey(topicOf(row)) !== topicKey(topic)) continue;
    const seq = Number(row.get('_value'));
    cuts.set(at, { time, seq, before: seq - 1, beforeTime: time });
  }
}

function runsOf({ first, last, boot, cuts, boots }: Series): Run[] {
  if (first === undefined || last === undefined) return [];
  const runs: Run[] = [];
  let open = { boot, from: first.seq, fromTime: first.time };
  for (const [at, { time, seq, before, beforeTime }] of [...cuts].sort(([, a], [, b]) => a.time - b.time)) {
    runs.push({ ...open, to: before, toTime: beforeTime });
    open = { boot: boots.get(at) ?? open.boot, from: seq, fromTime: time };
  }
  return [...runs, { ...open, to: last.seq, toTime: last.time }];
}
