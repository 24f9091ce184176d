import { EgizError } from '../errors/egiz-error';
import {
  accountOf,
  type DeviceRecord,
  deviceKey,
  type PresenceReason,
  type PresenceState,
  sendsHeartbeats,
} from './device';
import type { Evidence } from './evidence';
import { DeadlineWheel } from './wheel';
import { isLateWill, noConnection, rememberConnection } from './wills';

export interface PresenceOptions {
  /** Silence that makes a device stale. */
  readonly staleAfterMs: number;
  /** So many changes within `flapWindowMs` are flapping; it ends after as long without one. */
  readonly flapChanges: number;
  readonly flapWindowMs: number;
  /** A device that was not heard for so long is no longer known; 0: never. */
  readonly forgetAfterMs: number;
}

export interface PresenceEvents {
  /** `from` is undefined for a device that was not known. */
  onChange(device: DeviceRecord, from: PresenceState | undefined): void;
  /** It has begun to flap, or has ended. */
  onFlapping(device: DeviceRecord): void;
  onForgotten(device: DeviceRecord): void;
}

export interface PresenceCounts extends Readonly<Record<PresenceState, number>> {
  readonly flapping: number;
}

/** Telemetry that was under way when the will came says nothing: it is older than the will. */
const AFTERMATH_MS = 5_000;
/** Far more than a broker carries; the ids of devices come from outside. */
const MAX_DEVICES = 200_000;

/**
 * Which devices are there. Every message costs the same, however many devices there are; `turn` is to be called a
 * few times a second and finds those whose time has come.
 */
export class PresenceTracker {
  readonly #options: PresenceOptions;
  readonly #events: PresenceEvents;
  readonly #devices = new Map<string, DeviceRecord>();
  readonly #wheel: DeadlineWheel;
  readonly #counts = { online: 0, stale: 0, offline: 0, flapping: 0 };
  /** Silence before this is ours, not the devices'. Undefined while we are deaf. */
  #listeningSince: number | undefined;

  constructor(options: PresenceOptions, events: PresenceEvents, now: number) {
    this.#options = options;
    this.#events = events;
    this.#wheel = new DeadlineWheel(now);
    this.#listeningSince = now;
  }

  get counts(): PresenceCounts {
    return { ...this.#counts };
  }

  /** False while silence says nothing, because nothing can be heard. */
  get listening(): boolean {
    return this.#listeningSince !== undefined;
  }

  /** By key. */
  get devices(): ReadonlyMap<string, DeviceRecord> {
    return this.#devices;
  }

  /** @throws EgizError `TOO_MANY_DEVICES` */
  hear(evidence: Evidence, now: number): void {
    const key = deviceKey(evidence.place);
    const known = this.#devices.get(key);
    if (known !== undefined && isOldNews(known, evidence, now)) return;
    const device = known ?? this.#add(key, evidence, now);
    rememberConnection(device.connection, evidence);
    if ('sensorType' in evidence.place) device.place = evidence.place;
    const from = known?.state;
    if (evidence.says === 'offline') {
      this.#move(key, device, from, 'offline', evidence.retained ? 'snapshot' : 'will', now);
      return;
    }
    device.lastSeen = Math.max(device.lastSeen ?? 0, momentOf(evidence, now));
    const silent = sendsHeartbeats(device.place) && now - device.lastSeen >= this.#options.staleAfterMs;
    const reason = evidence.retained ? 'snapshot' : evidence.source;
    this.#move(key, device, from, silent ? 'stale' : 'online', reason, now);
  }

  /** Deals with every device whose time has come. */
  turn(now: number): void {
    for (const key of this.#wheel.due(now)) {
      const device = this.#devices.get(key);
      if (device === undefined) continue;
      if (device.state === 'online' && this.#staleAt(device) <= now) {
        this.#move(key, device, 'online', 'stale', 'silence', now);
      }
      if (device.flappingSince !== null && this.#steadyAt(device) <= now) this.#flap(device, null);
      if (this.#forgetAt(device) <= now) this.forget(key);
      else this.#schedule(key, device);
    }
  }

  /** From now on silence says nothing: the connection to the broker is gone. */
  deafen(): void {
    this.#listeningSince = undefined;
  }

  /** Silence counts from now on. */
  listen(now: number): void {
    if (this.#listeningSince !== undefined) return;
    this.#listeningSince = now;
    for (const [key, device] of this.#devices) this.#schedule(key, device);
  }

  /** Takes over what an earlier tracker knew. Nothing is told: nothing has changed. */
  restore(devices: Iterable<DeviceRecord>): void {
    for (const device of devices) {
      const key = deviceKey(device.place);
      if (this.#devices.has(key)) continue;
      this.#devices.set(key, device);
      this.#counts[device.state] += 1;
      if (device.flappingSince !== null) this.#counts.flapping += 1;
      this.#schedule(key, device);
    }
  }

  /** @returns false for one that is not known */
  forget(key: string): boolean {
    const device = this.#devices.get(key);
    if (device === undefined) return false;
    this.#devices.delete(key);
    this.#wheel.delete(key);
    this.#counts[device.state] -= 1;
    if (device.flappingSince !== null) this.#counts.flapping -= 1;
    this.#events.onForgotten(device);
    return true;
  }

  #add(key: string, { place }: Evidence, now: number): DeviceRecord {
    if (this.#devices.size >= MAX_DEVICES) {
      throw new EgizError(
        'TOO_MANY_DEVICES',
        `More than ${MAX_DEVICES} devices: ${accountOf(place)} is not followed`,
        {
          id: accountOf(place),
          mend: 'Give the node a share of the devices, or let it forget sooner.',
        },
      );
    }
    const device: DeviceRecord = {
      place,
      state: 'offline',
      reason: 'snapshot',
      since: now,
      lastSeen: null,
      changes: [],
      flappingSince: null,
      connection: noConnection(),
    };
    this.#devices.set(key, device);
    this.#counts.offline += 1;
    return device;
  }

  #move(
    key: string,
    device: DeviceRecord,
    from: PresenceState | undefined,
    to: PresenceState,
    reason: PresenceReason,
    now: number,
  ): void {
    if (from !== to) {
      this.#counts[device.state] -= 1;
      this.#counts[to] += 1;
      Object.assign(device, { state: to, reason, since: now });
      // To be seen for the first time is no change of mind.
      if (from !== undefined) device.changes = [...device.changes, now].slice(-this.#options.flapChanges);
      this.#events.onChange(device, from);
      if (device.flappingSince === null && this.#flaps(device, now)) this.#flap(device, now);
      // Later messages only put the time off: whoever is found due too early is put back then.
      this.#schedule(key, device);
    } else if (device.reason === 'snapshot') {
      device.reason = reason;
    }
  }

  #flaps({ changes }: DeviceRecord, now: number): boolean {
    const { flapChanges, flapWindowMs } = this.#options;
    const first = changes[0];
    return changes.length === flapChanges && first !== undefined && now - first <= flapWindowMs;
  }

  #flap(device: DeviceRecord, since: number | null): void {
    device.flappingSince = since;
    this.#counts.flapping += since === null ? -1 : 1;
    if (since === null) device.changes = [];
    this.#events.onFlapping(device);
  }

  #schedule(key: string, device: DeviceRecord): void {
    const at = Math.min(
      device.state === 'online' ? this.#staleAt(device) : Number.POSITIVE_INFINITY,
      device.flappingSince === null ? Number.POSITIVE_INFINITY : this.#steadyAt(device),
      this.#forgetAt(device),
    );
    if (Number.isFinite(at)) this.#wheel.set(key, at);
  }

  #staleAt({ place, lastSeen }: DeviceRecord): number {
    if (this.#listeningSince === undefined || !sendsHeartbeats(place)) return Number.POSITIVE_INFINITY;
    return Math.max(lastSeen ?? 0, this.#listeningSince) + this.#options.staleAfterMs;
  }

  #steadyAt({ changes }: DeviceRecord): number {
    return (changes.at(-1) ?? 0) + this.#options.flapWindowMs;
  }

  #forgetAt({ state, since, lastSeen }: DeviceRecord): number {
    const { forgetAfterMs } = this.#options;
    if (forgetAfterMs === 0 || state === 'online') return Number.POSITIVE_INFINITY;
    return Math.max(since, lastSeen ?? 0) + forgetAfterMs;
  }
}

/** A message that the broker had kept counts from when the device says that it was sent. */
function momentOf({ retained, at }: Evidence, now: number): number {
  return retained ? Math.min(now, at ?? 0) : now;
}

function isOldNews(device: DeviceRecord, evidence: Evidence, now: number): boolean {
  if (evidence.says === 'offline') return isLateWill(device.connection, evidence);
  const { lastAt } = device.connection;
  if (evidence.retained) return evidence.at === undefined || (lastAt !== null && evidence.at <= lastAt);
  return evidence.source === 'telemetry' && device.state === 'offline' && now - device.since < AFTERMATH_MS;
}
