import { accountOf, type DevicePlace, type DeviceRecord, type PresenceState } from './device';

/** A device as flows and people see it. Times are RFC 3339. */
export interface DeviceView {
  /** The account: a board's device id, or `TENANT.CLIENT`. */
  readonly device: string;
  readonly profile: DevicePlace['profile'];
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly factoryId?: string;
  readonly equipmentType?: string;
  readonly equipmentId?: string;
  /** Canonical; absent until a topic has named it. */
  readonly sensorType?: string;
  readonly state: PresenceState;
  readonly since: string;
  readonly reason: DeviceRecord['reason'];
  readonly lastSeen: string | null;
  readonly flapping: boolean;
}

export function deviceView({
  place,
  state,
  since,
  reason,
  lastSeen,
  flappingSince,
}: DeviceRecord): DeviceView {
  return {
    device: accountOf(place),
    ...namesOf(place),
    state,
    since: time(since),
    reason,
    lastSeen: lastSeen === null ? null : time(lastSeen),
    flapping: flappingSince !== null,
  };
}

function namesOf(place: DevicePlace): Pick<DeviceView, 'profile'> & Partial<DeviceView> {
  if (place.profile === 'clients') {
    return { profile: 'clients', tenantId: place.tenantId, clientId: place.clientId };
  }
  const { factoryId, equipmentType, equipmentId, sensorType } = place;
  const names = { profile: 'sensors', factoryId, equipmentType, equipmentId } as const;
  return sensorType === undefined ? names : { ...names, sensorType };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
