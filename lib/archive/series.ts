import type { Row } from './csv';
import { TELEMETRY_MEASUREMENTS } from './layout';

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

export function topicOf(row: Row): Topic {
  return {
    factoryId: row.get('factory_id'),
    equipmentType: row.get('equipment_type'),
    equipmentId: row.get('equipment_id'),
    sensorType: row.get('sensor_type'),
    deviceId: row.get('device_id'),
  };
}

export function topicKey({ factoryId, equipmentType, equipmentId, sensorType, deviceId }: Topic): string {
  return [factoryId, equipmentType, equipmentId, sensorType, deviceId].join('/');
}

/** Columns that are not tags, beside those that begin with `_`. */
const NO_TAGS: ReadonlySet<string> = new Set(['', 'result', 'table', 'seq', 'boot', 'elapsed']);

/**
 * The same for `seq` and `boot_id` of the same points. A board may have several series: a unit is a tag only where its
 * quantity is.
 */
export function seriesKey(row: Row): string {
  const tags = row.columns.filter((column) => !NO_TAGS.has(column) && !column.startsWith('_'));
  return [row.get('_measurement'), ...tags.flatMap((tag) => [tag, row.get(tag)])].join('\0');
}

/** `r.COLUMN == "…" or …` for Flux, of values that hold no quote. */
export function anyOf(column: string, values: readonly string[]): string {
  return values.map((value) => `r.${column} == "${value}"`).join(' or ');
}

export function rangeFlux({ start, stop }: Pick<Extent, 'start' | 'stop'>): string {
  return `range(start: ${new Date(start).toISOString()}, stop: ${new Date(stop).toISOString()})`;
}

/** Defines `telemetry(field: …)` for a query: the series of one field. */
export function telemetryFlux(extent: Extent): string {
  const { devices } = extent;
  const ofDevices = devices === undefined ? '' : `\n  |> filter(fn: (r) => ${anyOf('device_id', devices)})`;
  return `telemetry = (field) => from(bucket: "raw")
  |> ${rangeFlux(extent)}
  |> filter(fn: (r) => ${anyOf('_measurement', TELEMETRY_MEASUREMENTS)})
  |> filter(fn: (r) => r._field == field)${ofDevices}
`;
}
