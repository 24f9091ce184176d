import { BoundedMap } from '../cache/bounded-map';
import { EgizError } from '../errors/egiz-error';
import { isIdentifier, parseIdentifier } from './identifiers';

/** A piece of equipment of the `sensors` profile (PRD). */
export interface EquipmentRef {
  readonly factoryId: string;
  readonly equipmentType: string;
  readonly equipmentId: string;
}

/** One board: it serves one sensor type of one piece of equipment (SPEC 2). */
export interface SensorRef extends EquipmentRef {
  readonly sensorType: string;
}

export type SensorTopic =
  | ({ readonly kind: 'telemetry' | 'status' } & SensorRef)
  | ({ readonly kind: 'equipment-status' | 'command' } & EquipmentRef);

export const SENSOR_TYPES = ['electrical', 'thermal', 'environmental'] as const;
export type SensorType = (typeof SENSOR_TYPES)[number];

/** The topic says `ambient` where the payload says `environmental`; they mean the same (SPEC 2). */
export function canonicalSensorType(level: string): string {
  return level === 'ambient' ? 'environmental' : level;
}

/** @throws EgizError `INVALID_IDENTIFIER` */
export function equipmentRoot(ref: EquipmentRef): string {
  return [
    'openegiz',
    parseIdentifier('factory', ref.factoryId),
    parseIdentifier('equipment type', ref.equipmentType),
    parseIdentifier('equipment', ref.equipmentId),
  ].join('/');
}

export function sensorTelemetryTopic(ref: SensorRef): string {
  return `${equipmentRoot(ref)}/${parseIdentifier('sensor type', ref.sensorType)}/telemetry`;
}

export function sensorStatusTopic(ref: SensorRef): string {
  return `${equipmentRoot(ref)}/${parseIdentifier('sensor type', ref.sensorType)}/status`;
}

export function equipmentStatusTopic(ref: EquipmentRef): string {
  return `${equipmentRoot(ref)}/status`;
}

export function equipmentCommandTopic(ref: EquipmentRef): string {
  return `${equipmentRoot(ref)}/command`;
}

/** What the service subscribes to for the statuses, births and wills of every board, in both forms. */
export const SENSOR_STATUS_FILTERS = ['openegiz/+/+/+/+/status', 'openegiz/+/+/+/status'] as const;

/** The telemetry of every board. */
export const SENSOR_TELEMETRY_FILTER = 'openegiz/+/+/+/+/telemetry';

/** Where a board is, or a gateway for the boards of its equipment: the levels of its topics, canonical. */
export function sensorAddress(ref: EquipmentRef & Partial<SensorRef>): string {
  const { factoryId, equipmentType, equipmentId, sensorType } = ref;
  const levels = [factoryId, equipmentType, equipmentId];
  return (sensorType === undefined ? levels : [...levels, canonicalSensorType(sensorType)]).join('/');
}

/** @throws EgizError `INVALID_IDENTIFIER` for a text that is no board's address */
export function parseSensorAddress(address: string): SensorRef {
  return {
    ...parseEquipmentAddress(address),
    sensorType: parseIdentifier('sensor type', address.split('/')[3]),
  };
}

/**
 * The equipment in an address, be it a board's or a gateway's.
 * @throws EgizError `INVALID_IDENTIFIER`
 */
export function parseEquipmentAddress(address: string): EquipmentRef {
  const [factory, type, equipment] = address.split('/');
  return {
    factoryId: parseIdentifier('factory', factory),
    equipmentType: parseIdentifier('equipment type', type),
    equipmentId: parseIdentifier('equipment', equipment),
  };
}

/**
 * Parses every topic form of the sensors profile, the PRD's four-level status included.
 * @throws EgizError `INVALID_TOPIC`
 */
export function parseSensorTopic(topic: string): SensorTopic {
  const levels = topic.split('/');
  const [root, factoryId, equipmentType, equipmentId, fifth, sixth] = levels;
  const named =
    root === 'openegiz' &&
    isIdentifier('factory', factoryId) &&
    isIdentifier('equipment type', equipmentType) &&
    isIdentifier('equipment', equipmentId);
  if (named && levels.length === 5 && (fifth === 'status' || fifth === 'command')) {
    const kind = fifth === 'status' ? 'equipment-status' : 'command';
    return { kind, factoryId, equipmentType, equipmentId };
  }
  if (named && levels.length === 6 && isIdentifier('sensor type', fifth)) {
    if (sixth === 'telemetry' || sixth === 'status') {
      return { kind: sixth, factoryId, equipmentType, equipmentId, sensorType: fifth };
    }
  }
  throw new EgizError('INVALID_TOPIC', `"${topic.slice(0, 200)}" is not a sensor topic`, {
    topic,
    mend: 'Use openegiz/FACTORY/TYPE/EQUIPMENT/SENSOR/telemetry or one of the other forms of the topic table.',
  });
}

/** Of five levels of 64 characters at most; a longer text is not kept. */
const LONGEST = 'openegiz/telemetry'.length + 4 * 65;
/** A fleet's topics are few and come again and again. */
const parsedBefore = new BoundedMap<string, SensorTopic | 'none'>(40_000);

/** Like `parseSensorTopic`, with undefined for a topic that is none of this profile. */
export function tryParseSensorTopic(topic: string): SensorTopic | undefined {
  if (!topic.startsWith('openegiz/') || topic.length > LONGEST) return undefined;
  const known = parsedBefore.get(topic);
  if (known !== undefined) return known === 'none' ? undefined : known;
  const parsed = parseOrNone(topic);
  parsedBefore.set(topic, parsed);
  return parsed === 'none' ? undefined : parsed;
}

function parseOrNone(topic: string): SensorTopic | 'none' {
  try {
    return parseSensorTopic(topic);
  } catch {
    return 'none';
  }
}
