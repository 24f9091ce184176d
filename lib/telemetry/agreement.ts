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
  return [...checkTopic(topic, payload), ...checkTime(payload.timestamp, now), ...checkZones(payload)];
}

function checkTopic(topic: string, payload: JsonObject): FieldError[] {
  const parsed = tryParseSensorTopic(topic);
  if (parsed === undefined) return [];
  const errors: FieldError[] = [];
  if (typeof payload.thing_id === 'string' && payload.thing_id.split(':')[1] !== parsed.equipmentId) {
    errors.push(disagrees('/thing_id', `the topic names the equipment "${parsed.equipmentId}"`));
  }
  if (parsed.kind === 'telemetry' && payload.sensor_type !== canonicalSensorType(parsed.sensorType)) {
    errors.push(disagrees('/sensor_type', `the topic names the sensor type "${parsed.sensorType}"`));
  }
  return errors;
}

function checkTime(timestamp: unknown, now: number): FieldError[] {
  const at = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(at)) return [{ pointer: '/timestamp', rule: 'time', message: 'is not a moment in time' }];
  if (at - now <= MAX_AHEAD_MS) return [];
  return [{ pointer: '/timestamp', rule: 'time', message: 'is more than 5 minutes ahead of the receiver' }];
}

function checkZones(payload: JsonObject): FieldError[] {
  const measurements = isJsonObject(payload.measurements) ? payload.measurements : {};
  const zones = Array.isArray(measurements.temperature_zones) ? measurements.temperature_zones : [];
  const seen = new Set<unknown>();
  return zones.flatMap((entry, index) => {
    const zone = isJsonObject(entry) ? entry.zone : undefined;
    if (!seen.has(zone)) {
      seen.add(zone);
      return [];
    }
    const pointer = `/measurements/temperature_zones/${index}/zone`;
    return [{ pointer, rule: 'uniqueZones', message: 'is told twice in this message' }];
  });
}

function disagrees(pointer: string, why: string): FieldError {
  return { pointer, rule: 'topic', message: `does not agree with the topic: ${why}` };
}
