import type { FieldError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject } from '../json/json';
import { canonicalSensorType, tryParseSensorTopic } from '../topics/sensors';

/** How far a board's clock may be ahead of ours (SPEC 4). */
export const MAX_AHEAD_MS = 5 * 60 * 1000;

/**
 * What no schema can say of a sensor's telemetry or status: that it agrees with its topic, that its time is
 * not in the future, and that no zone is told twice. The payload has passed its schema.
 * @param topic compared only when it is a sensor's topic
 * @param now milliseconds since the Unix epoch
 */
export function checkAgreement(topic: string, payload: JsonObject, now: number): FieldError[] {
  const errors: FieldError[] = [];
  checkTopic(topic, payload, errors);
  checkTime(payload.timestamp, now, errors);
  checkZones(payload.measurements, errors);
  return errors;
}

function checkTopic(topic: string, payload: JsonObject, errors: FieldError[]): void {
  const parsed = tryParseSensorTopic(topic);
  if (parsed === undefined) return;
  const { thing_id: thing } = payload;
  if (typeof thing === 'string' && thing.slice(thing.indexOf(':') + 1) !== parsed.equipmentId) {
    errors.push(disagrees('/thing_id', `the topic names the equipment "${parsed.equipmentId}"`));
  }
  if (parsed.kind === 'telemetry' && payload.sensor_type !== canonicalSensorType(parsed.sensorType)) {
    errors.push(disagrees('/sensor_type', `the topic names the sensor type "${parsed.sensorType}"`));
  }
}

function checkTime(timestamp: unknown, now: number, errors: FieldError[]): void {
  const at = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  if (at - now <= MAX_AHEAD_MS) return;
  const message = Number.isNaN(at)
    ? 'is not a moment in time'
    : 'is more than 5 minutes ahead of the receiver';
  errors.push({ pointer: '/timestamp', rule: 'time', message });
}

function checkZones(measurements: JsonObject[string] | undefined, errors: FieldError[]): void {
  const zones = isJsonObject(measurements) ? measurements.temperature_zones : undefined;
  if (!Array.isArray(zones)) return;
  const seen = new Set<unknown>();
  for (const [index, entry] of zones.entries()) {
    const zone = isJsonObject(entry) ? entry.zone : undefined;
    if (seen.has(zone)) {
      const pointer = `/measurements/temperature_zones/${index}/zone`;
      errors.push({ pointer, rule: 'uniqueZones', message: 'is told twice in this message' });
    }
    seen.add(zone);
  }
}

function disagrees(pointer: string, why: string): FieldError {
  return { pointer, rule: 'topic', message: `does not agree with the topic: ${why}` };
}
