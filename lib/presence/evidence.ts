import { EgizError } from '../errors/egiz-error';
import { isJsonObject } from '../json/json';
import type { Profile, Report } from '../profiles/profile';
import { shippedProfiles } from '../profiles/profiles';
import type { ClientAddress } from '../store/store';
import { parseClientTelemetryTopic } from '../topics/clients';
import { isIdentifier } from '../topics/identifiers';
import {
  canonicalSensorType,
  parseEquipmentAddress,
  type SensorRef,
  type SensorTopic,
  tryParseSensorTopic,
} from '../topics/sensors';
import type { DevicePlace } from './device';

/** A message as it comes from a broker or over a wire. */
export interface PresenceMessage {
  readonly topic: string;
  /** Bytes or text of JSON, or the value itself. */
  readonly payload: unknown;
  /** The broker had kept it: it may be old. */
  readonly retain?: boolean;
}

/** What one message says of one device. */
export interface Evidence {
  readonly place: DevicePlace;
  /** `alive`: it said something else, and is there. */
  readonly says: 'online' | 'offline' | 'alive';
  readonly source: 'status' | 'telemetry';
  readonly retained: boolean;
  /** The device's own time, milliseconds since the Unix epoch. */
  readonly at?: number;
  readonly boot?: string;
  /** The number of its connection in this boot. */
  readonly connection?: number;
}

const DEVICE_ID = Buffer.from('"device_id"');

/** Reads what messages say of devices. */
export class EvidenceReader {
  readonly #profiles: readonly Profile[] = shippedProfiles();

  /**
   * @returns undefined for a message that says nothing of a device's presence, e.g. a command
   * @throws EgizError `INVALID_TOPIC` for a topic that no device has, `INVALID_MESSAGE` for a payload that is not
   *   what the topic asks for
   */
  read(message: PresenceMessage): Evidence | undefined {
    const { topic } = message;
    const sensor = tryParseSensorTopic(topic);
    if (sensor?.kind === 'command') return undefined;
    if (sensor?.kind === 'telemetry') return sensorTelemetry(message, sensor);
    const client = parseClientTelemetryTopic(topic);
    if (client !== undefined) return telemetry(message, { profile: 'clients', ...client });
    return this.#status(message);
  }

  #status({ topic, payload, retain = false }: PresenceMessage): Evidence {
    const bytes = bytesOf(payload);
    for (const profile of this.#profiles) {
      const report = profile.report({ topic, payload: bytes, properties: {} });
      if (report !== undefined) return evidenceOf(report, retain);
    }
    throw new EgizError('INVALID_TOPIC', `${topic.slice(0, 200)} is not a topic of a device`, {
      topic,
      mend: 'Hand in the status and telemetry messages of boards and clients.',
    });
  }
}

function evidenceOf({ from, message, standing }: Report, retained: boolean): Evidence {
  const at = Date.parse(message.at);
  return {
    place: 'address' in from ? boardAt(from) : { profile: 'clients', ...from },
    says: message.type === 'ClientConnectionChanged' ? message.status : 'alive',
    source: 'status',
    retained,
    boot: message.bootId,
    ...(Number.isNaN(at) ? {} : { at }),
    ...(standing === undefined ? {} : { connection: standing.connection }),
  };
}

/** The address has four levels when its topic names the sensor type. */
function boardAt({ address, clientId: deviceId }: ClientAddress): DevicePlace {
  const sensorType = address.split('/')[3];
  const board = { profile: 'sensors', deviceId, ...parseEquipmentAddress(address) } as const;
  return sensorType === undefined ? board : { ...board, sensorType };
}

function sensorTelemetry(message: PresenceMessage, topic: SensorTopic & SensorRef): Evidence | undefined {
  const { kind: _kind, sensorType, ...equipment } = topic;
  const deviceId = deviceIdOf(message);
  return telemetry(message, {
    profile: 'sensors',
    deviceId,
    sensorType: canonicalSensorType(sensorType),
    ...equipment,
  });
}

/** A reading that the broker had kept says nothing: it has no place for the time it was sent. */
function telemetry({ retain = false }: PresenceMessage, place: DevicePlace): Evidence | undefined {
  return retain ? undefined : { place, says: 'alive', source: 'telemetry', retained: false };
}

/** @throws EgizError `INVALID_MESSAGE` */
function deviceIdOf({ topic, payload }: PresenceMessage): string {
  const isText = Buffer.isBuffer(payload) || typeof payload === 'string';
  const found = isText ? deviceIdInText(bytesOf(payload)) : isJsonObject(payload) && payload.device_id;
  if (isIdentifier('device', found)) return found;
  throw new EgizError('INVALID_MESSAGE', 'The telemetry does not say which device it is from', {
    topic,
    mend: 'See schemas/telemetry/: the member device_id.',
  });
}

/**
 * Finds the member without parsing the rest: of a reading nothing else is asked for here, and there are many. In
 * JSON the name cannot stand inside a text, where its quotation marks would be escaped.
 */
function deviceIdInText(payload: Buffer): string | undefined {
  const at = payload.indexOf(DEVICE_ID);
  if (at < 0) return undefined;
  const rest = payload.toString('latin1', at + DEVICE_ID.length, at + DEVICE_ID.length + 100);
  return /^\s*:\s*"([A-Za-z0-9_-]+)"/.exec(rest)?.[1];
}

function bytesOf(payload: unknown): Buffer {
  if (Buffer.isBuffer(payload)) return payload;
  return Buffer.from(typeof payload === 'string' ? payload : (JSON.stringify(payload) ?? ''), 'utf8');
}
