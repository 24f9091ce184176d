import type { ClientRef } from '../topics/clients';
import type { EquipmentRef } from '../topics/sensors';

/** `stale`: nothing was heard for too long, and nobody has said that it is gone. */
export const PRESENCE_STATES = ['online', 'stale', 'offline'] as const;
export type PresenceState = (typeof PRESENCE_STATES)[number];

/** What made a device what it is. `snapshot`: a message the broker had kept since before the node listened. */
export type PresenceReason = 'status' | 'telemetry' | 'will' | 'silence' | 'snapshot';

/** Who it is, by its topics. */
export type DevicePlace =
  | ({ readonly profile: 'sensors'; readonly deviceId: string; readonly sensorType?: string } & EquipmentRef)
  | ({ readonly profile: 'clients' } & ClientRef);

/** All that is known of one device. Times are milliseconds since the Unix epoch. */
export interface DeviceRecord {
  /** Gains the sensor type with the first message whose topic names it. */
  place: DevicePlace;
  state: PresenceState;
  reason: PresenceReason;
  /** In this state since. */
  since: number;
  /** When it last showed a sign of life; null when it never has. */
  lastSeen: number | null;
  /** The last changes, the latest at the end: as many as make flapping. */
  changes: number[];
  flappingSince: number | null;
  connection: ConnectionMemory;
}

/** What tells the will of an earlier connection from that of the present one. Times are by the device's clock. */
export interface ConnectionMemory {
  boot: string | null;
  /** The connection's number in the boot, of a device that tells it. */
  number: number | null;
  /** The time in its last message. */
  lastAt: number | null;
  /** The time in the last message of the connection before. */
  previousAt: number | null;
}

export function deviceKey(place: DevicePlace): string {
  return place.profile === 'clients'
    ? `tenants/${place.tenantId}/clients/${place.clientId}`
    : `openegiz/${place.factoryId}/${place.equipmentType}/${place.equipmentId}/${place.deviceId}`;
}

/** The broker account: what a person calls the device by. */
export function accountOf(place: DevicePlace): string {
  return place.profile === 'clients' ? `${place.tenantId}.${place.clientId}` : place.deviceId;
}

/** A board sends heartbeats, so its silence says something. A client may be silent for days. */
export function sendsHeartbeats({ profile }: DevicePlace): boolean {
  return profile === 'sensors';
}
