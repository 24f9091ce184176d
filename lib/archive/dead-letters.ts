import { canonicalSensorType, parseSensorTopic } from '../topics/sensors';
import type { Row } from './csv';
import type { Influx } from './influx';
import { type Extent, rangeFlux } from './series';
import type { StoredRun } from './stored-runs';

/**
 * Sequence numbers of messages that were refused in this time, each as a run of one. Their payloads are read by
 * pattern: they may be cut off, and were refused because something is wrong with them.
 */
export async function* refusedRuns(influx: Influx, extent: Extent): AsyncGenerator<StoredRun> {
  const flux = `from(bucket: "dead_letter")
  |> ${rangeFlux(extent)}
  |> filter(fn: (r) => r._measurement == "refused")
  |> filter(fn: (r) => r._field == "topic" or r._field == "payload")
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")`;
  for await (const row of influx.query(extent.org, flux)) {
    const refused = refusedRun(row);
    if (refused !== undefined) yield refused;
  }
}

function refusedRun(row: Row): StoredRun | undefined {
  const topic = sensorTopic(row.get('topic'));
  const payload = row.get('payload');
  const deviceId = /"device_id"\s*:\s*"([A-Za-z0-9_-]{1,64})"/.exec(payload)?.[1];
  const boot = wholeNumber(payload, 'boot_id');
  const seq = wholeNumber(payload, 'seq');
  if (topic === undefined || deviceId === undefined || boot === undefined || seq === undefined)
    return undefined;
  const time = Date.parse(row.get('_time'));
  return { topic: { ...topic, deviceId }, run: { boot, from: seq, to: seq, fromTime: time, toTime: time } };
}

function sensorTopic(text: string) {
  try {
    const topic = parseSensorTopic(text);
    if (topic.kind !== 'telemetry') return undefined;
    const { factoryId, equipmentType, equipmentId, sensorType } = topic;
    return { factoryId, equipmentType, equipmentId, sensorType: canonicalSensorType(sensorType) };
  } catch {
    return undefined;
  }
}

function wholeNumber(payload: string, member: string): number | undefined {
  const digits = new RegExp(`"${member}"\\s*:\\s*(\\d{1,10})\\b`).exec(payload)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
