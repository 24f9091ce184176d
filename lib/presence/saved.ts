import { isJsonObject, type JsonObject } from '../json/json';
import { isIdentifier } from '../topics/identifiers';
import {
  type ConnectionMemory,
  type DevicePlace,
  type DeviceRecord,
  PRESENCE_STATES,
  type PresenceReason,
} from './device';
import type { PresenceTracker } from './tracker';

/** What outlives the tracker, as JSON. */
export interface SavedPresence {
  readonly version: 1;
  readonly devices: readonly DeviceRecord[];
}

const REASONS: readonly PresenceReason[] = ['status', 'telemetry', 'will', 'silence', 'snapshot'];

export function savePresence({ devices }: PresenceTracker): SavedPresence {
  return { version: 1, devices: structuredClone([...devices.values()]) };
}

/** The devices of a saved state. What cannot be read, e.g. of another version, is left out: it is heard again. */
export function savedDevices(saved: unknown): DeviceRecord[] {
  if (!isJsonObject(saved) || saved.version !== 1 || !Array.isArray(saved.devices)) return [];
  return saved.devices.flatMap((device) => deviceOf(device) ?? []);
}

function deviceOf(saved: unknown): DeviceRecord | undefined {
  if (!isJsonObject(saved)) return undefined;
  const place = placeOf(saved.place);
  const connection = connectionOf(saved.connection);
  const state = PRESENCE_STATES.find((one) => one === saved.state);
  const reason = REASONS.find((one) => one === saved.reason);
  const { since, lastSeen, changes, flappingSince } = saved;
  if (place === undefined || connection === undefined || state === undefined || reason === undefined) {
    return undefined;
  }
  if (typeof since !== 'number' || !isNumberOrNull(lastSeen) || !isNumberOrNull(flappingSince))
    return undefined;
  if (!Array.isArray(changes) || !changes.every((time) => typeof time === 'number')) return undefined;
  return { place, state, reason, since, lastSeen, changes, flappingSince, connection };
}

function placeOf(saved: unknown): DevicePlace | undefined {
  if (!isJsonObject(saved)) return undefined;
  const { tenantId, clientId, deviceId, factoryId, equipmentType, equipmentId, sensorType } = saved;
  if (saved.profile === 'clients' && isIdentifier('tenant', tenantId) && isIdentifier('client', clientId)) {
    return { profile: 'clients', tenantId, clientId };
  }
  const isBoard =
    saved.profile === 'sensors' &&
    isIdentifier('device', deviceId) &&
    isIdentifier('factory', factoryId) &&
    isIdentifier('equipment type', equipmentType) &&
    isIdentifier('equipment', equipmentId);
  if (!isBoard) return undefined;
  const board = { profile: 'sensors', deviceId, factoryId, equipmentType, equipmentId } as const;
  return isIdentifier('sensor type', sensorType) ? { ...board, sensorType } : board;
}

function connectionOf(saved: unknown): ConnectionMemory | undefined {
  if (!isJsonObject(saved)) return undefined;
  const { boot, number, lastAt, previousAt } = saved as JsonObject;
  if (boot !== null && typeof boot !== 'string') return undefined;
  if (!isNumberOrNull(number) || !isNumberOrNull(lastAt) || !isNumberOrNull(previousAt)) return undefined;
  return { boot, number, lastAt, previousAt };
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || typeof value === 'number';
}
