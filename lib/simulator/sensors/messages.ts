import type { JsonObject } from '../../json/json';
import { drift, type Key, keyOf } from './noise';
import { MINUTE_MS } from './shifts';
import type { SensorPlace } from './view';

/** What a board says of itself beside what it measures, in the words of `schemas/`. */
export interface Standing {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Since the board was started, seconds. */
  readonly uptime: number;
  readonly bootId: number;
  readonly seq: number;
  /** dBm. */
  readonly rssi: number;
}

export interface Diagnostics {
  /** Connections after the first. */
  readonly reconnects: number;
  /** Telemetry messages that wait to be acknowledged. */
  readonly backlog: number;
  /** Telemetry messages that found no room. */
  readonly dropped: number;
}

/** The configuration a board runs; revision 0 without one. */
export interface InForce {
  readonly revision: number;
  readonly hash: string | null;
}

export const FIRMWARE_VERSION = '1.0.0-simulated';
const FREE_HEAP = 142_000;

/** `schemas/telemetry/*.json` */
export function telemetryMessage(
  place: SensorPlace,
  measurements: JsonObject,
  standing: Standing,
): JsonObject {
  const { at, uptime, bootId, seq, rssi } = standing;
  return {
    device_id: place.deviceId,
    thing_id: `factory:${place.equipmentId}`,
    timestamp: new Date(at).toISOString(),
    sensor_type: place.sensorType,
    measurements,
    metadata: { firmware_version: FIRMWARE_VERSION, rssi, uptime_seconds: uptime, boot_id: bootId, seq },
  };
}

/** `schemas/status.json`: birth, heartbeat, and with a command's result the answer to it. */
export function onlineMessage(
  place: SensorPlace,
  standing: Standing,
  { reconnects, backlog, dropped }: Diagnostics,
  configuration: InForce,
): JsonObject {
  const { uptime, bootId, seq, rssi } = standing;
  return {
    ...head(place, 'online', standing.at, configuration),
    diagnostics: {
      free_heap: FREE_HEAP,
      wifi_reconnects: 0,
      mqtt_reconnects: reconnects,
      uptime_seconds: uptime,
      firmware_version: FIRMWARE_VERSION,
      rssi,
      backlog,
      dropped,
    },
    metadata: { boot_id: bootId, seq },
  };
}

/** `schemas/status.json`: the will. It carries no seq, since it was written when the connection began. */
export function offlineMessage(
  place: SensorPlace,
  at: number,
  bootId: number,
  configuration: InForce,
): JsonObject {
  return { ...head(place, 'offline', at, configuration), metadata: { boot_id: bootId } };
}

function head(
  { deviceId }: SensorPlace,
  status: 'online' | 'offline',
  at: number,
  { revision, hash }: InForce,
): JsonObject {
  return {
    device_id: deviceId,
    status,
    timestamp: new Date(at).toISOString(),
    configuration: { revision, reported_hash: hash },
  };
}

/** How well a board hears its access point: near or far, and never quite the same. */
export function signalOf(seed: number, deviceId: string): (at: number) => number {
  const key: Key = keyOf(seed, 'device', deviceId, 'rssi');
  const near = -45 - (key % 30);
  return (at) => Math.round(near + 3 * drift(key, at, 2 * MINUTE_MS));
}
