import { REPORTED_STATES, type ReportedState } from '../commands/messages';
import { isUuid, uuidBytes, uuidText } from '../commands/uuid';
import { EgizError, type FieldError, toEgizError } from '../errors/egiz-error';
import type { JsonValue } from '../json/json';
import { parseJson } from '../json/parse';
import { builtInSchemas } from '../schemas/built-in';
import { SchemaSet } from '../schemas/schema-set';
import type { CommandRecord, RevisionRecord } from '../store/store';
import {
  equipmentCommandTopic,
  parseSensorAddress,
  SENSOR_STATUS_FILTERS,
  type SensorTopic,
  sensorAddress,
  sensorStatusTopic,
  tryParseSensorTopic,
} from '../topics/sensors';
import { commandProperties } from './command-properties';
import type { Profile, Report, Statement } from './profile';

/** A status message as `schemas/status.json` has it, as far as the engine asks for it. */
interface BoardStatus {
  readonly device_id: string;
  readonly status: 'online' | 'offline';
  readonly thing_id?: string;
  readonly timestamp: string;
  readonly diagnostics?: { readonly mqtt_reconnects?: number };
  readonly metadata?: { readonly boot_id?: number; readonly seq?: number };
  readonly configuration?: { readonly revision: number; readonly reported_hash: string | null };
  readonly command?: BoardAnswer;
}

interface BoardAnswer {
  readonly id: string;
  readonly state: ReportedState | 'running';
  readonly code: string;
  readonly message?: string;
  readonly errors?: readonly FieldError[];
  readonly reported_hash?: string | null;
}

/** A status with everything in it stays far below this. */
const MAX_STATUS_BYTES = 64 * 1024;

/**
 * The `sensors` profile: boards below their factory and equipment (PRD, SPEC 2 and 4). The boards of one
 * equipment share a command topic, so a command names its board; the answer is part of the board's status.
 */
export function sensorsProfile(): Profile {
  const schemas = SchemaSet.compile(builtInSchemas(['status']), { strict: true });
  return {
    name: 'sensors',
    reportFilters: SENSOR_STATUS_FILTERS,

    commandMessage({ clientId, address }, command, revision, now) {
      const place = parseSensorAddress(address);
      return {
        topic: equipmentCommandTopic(place),
        payload: JSON.stringify(configurationCommand(clientId, command, revision)),
        qos: 1,
        retain: false,
        properties: {
          correlationData: uuidBytes(command.commandId),
          responseTopic: sensorStatusTopic(place),
          ...commandProperties(command, revision, now),
        },
      };
    },

    report({ topic, payload, properties }) {
      const place = tryParseSensorTopic(topic);
      if (place?.kind !== 'status' && place?.kind !== 'equipment-status') return undefined;
      const status = parseStatus(schemas, topic, payload);
      checkThing(status, place);
      const id = properties.correlationData;
      const correlationId = id === undefined ? undefined : uuidText(id);
      return {
        from: { profile: 'sensors', address: sensorAddress(place), clientId: status.device_id },
        ...told(status),
        ...(correlationId === undefined || !answersConfiguration(status) ? {} : { correlationId }),
      };
    },
  };
}

/** `schemas/command.json`, `config`. */
function configurationCommand(deviceId: string, command: CommandRecord, revision: RevisionRecord): object {
  return {
    command: 'config',
    id: command.commandId,
    device_id: deviceId,
    revision: command.revision,
    version: command.version,
    schema: revision.schema,
    settings: revision.settings,
    hash: revision.hash,
    issued_at: new Date(command.issuedAt).toISOString(),
    expires_at: new Date(command.expiresAt).toISOString(),
  };
}

/** @throws EgizError `INVALID_MESSAGE` */
function parseStatus(schemas: SchemaSet, topic: string, payload: Buffer): BoardStatus {
  let value: JsonValue;
  try {
    value = parseJson(payload, { maxBytes: MAX_STATUS_BYTES });
  } catch (fault) {
    throw invalid(topic, toEgizError(fault).message);
  }
  const errors = schemas.check('status', value);
  const [first] = errors;
  if (first !== undefined) throw invalid(topic, `${first.pointer} ${first.message}`.trim(), errors);
  return value as unknown as BoardStatus;
}

/** @throws EgizError `INVALID_MESSAGE` when it speaks of another equipment than its topic */
function checkThing({ thing_id }: BoardStatus, { equipmentId }: SensorTopic): void {
  if (thing_id === undefined || thing_id.split(':')[1] === equipmentId) return;
  throw invalid(equipmentId, `/thing_id names ${thing_id}, the topic ${equipmentId}`);
}

function told(status: BoardStatus): Pick<Report, 'message' | 'standing'> {
  const { status: presence, timestamp, configuration, metadata, diagnostics } = status;
  const bootId = String(metadata?.boot_id ?? 0);
  const reportedHash = configuration?.reported_hash ?? null;
  const revision = configuration?.revision ?? 0;
  const common = { reportedHash, bootId, at: timestamp };
  const message: Statement = answersConfiguration(status)
    ? { ...common, ...answer(status.command), seq: metadata?.seq ?? 0 }
    : { type: 'ClientConnectionChanged', status: presence, revision, ...common };
  // A will was written when the connection began: it says nothing of what came after.
  if (presence === 'offline') return { message };
  const seq = metadata?.seq;
  const standing = { revision, connection: diagnostics?.mqtt_reconnects ?? 0 };
  return { message, standing: seq === undefined ? standing : { ...standing, seq } };
}

/** Configuration commands have a UUID; an answer to another one says here only that the board is there. */
function answersConfiguration(
  status: BoardStatus,
): status is BoardStatus & { readonly command: BoardAnswer & { readonly state: ReportedState } } {
  const { command } = status;
  return (
    command !== undefined && isUuid(command.id) && REPORTED_STATES.some((state) => state === command.state)
  );
}

/** The board tells the revision it runs, not that of the command, which only the id names. */
function answer({ id, state, code, message, errors }: BoardAnswer & { readonly state: ReportedState }) {
  return {
    type: 'ClientStatusReported',
    commandId: id,
    revision: 0,
    version: '',
    state,
    code,
    message: message ?? '',
    errors: errors ?? [],
  } as const;
}

function invalid(topic: string, why: string, errors?: readonly FieldError[]): EgizError {
  return new EgizError('INVALID_MESSAGE', `This is not a board's status: ${why}`, {
    topic,
    mend: 'See schemas/status.json.',
    ...(errors === undefined ? {} : { errors }),
  });
}
