import type { EdgeSchemas } from '../../edge/judge';
import type { FieldError } from '../../errors/egiz-error';
import { hashSettings } from '../../json/canonical';
import { isJsonObject, type JsonObject } from '../../json/json';
import { builtInSchemas } from '../../schemas/built-in';
import { SchemaSet } from '../../schemas/schema-set';
import type { BoardConfiguration } from './configuration';

/** A command's result as `schemas/status.json` has it, but for the hash in force. */
export interface Answer {
  readonly id: string;
  readonly state: 'applied' | 'rejected' | 'superseded';
  readonly code: string;
  readonly message: string;
  readonly errors: readonly FieldError[];
}

export interface Outcome {
  readonly answer: Answer;
  /** The configuration that is to be in force from now on. */
  readonly configuration?: BoardConfiguration;
}

export interface Circumstances {
  readonly deviceId: string;
  readonly inForce: BoardConfiguration;
  readonly schemas: EdgeSchemas;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

const SCHEMA = 'esp32-sensor/1';
let commands: SchemaSet | undefined;

/**
 * What a simulated board says to a command, in the words of the firmware. It takes configurations and refuses the rest.
 * @returns undefined for a command to another board, or one that cannot be answered
 */
export function judgeCommand(command: JsonObject, circumstances: Circumstances): Outcome | undefined {
  const { id, device_id } = command;
  if (typeof id !== 'string' || (device_id !== circumstances.deviceId && device_id !== '*')) return undefined;
  commands ??= SchemaSet.compile(builtInSchemas(['command']), { strict: true });
  const errors = commands.check('command', command);
  if (errors.length > 0) return rejected(id, 'INVALID', 'the command has members of the wrong form', errors);
  if (command.command === 'config') return judgeConfiguration(id, command, circumstances);
  const name = String(command.command);
  return rejected(
    id,
    'UNKNOWN_COMMAND',
    `a simulated board takes configurations only, and no command ${name}`,
  );
}

function judgeConfiguration(
  id: string,
  command: JsonObject,
  { inForce, schemas, now }: Circumstances,
): Outcome {
  const { schema, settings, hash, expires_at } = command;
  const revision = Number(command.revision);
  if (!isJsonObject(settings)) return rejected(id, 'INVALID', 'settings must be an object');
  if (Date.parse(String(expires_at)) <= now)
    return rejected(id, 'EXPIRED', 'the command arrived after its time');
  if (schema !== SCHEMA)
    return rejected(id, 'INVALID', `this board takes configurations of schema ${SCHEMA}`);
  if (hashSettings(settings) !== hash)
    return rejected(id, 'HASH_MISMATCH', 'hash is not that of the settings');
  const errors = [...schemas.validate(SCHEMA, settings), ...impossible(settings)];
  if (errors.length > 0) return rejected(id, 'INVALID', 'settings violate the schema', errors);
  if (revision < inForce.revision)
    return said(id, 'superseded', 'STALE_REVISION', 'a newer revision is in force');
  if (revision > inForce.revision) {
    return { ...said(id, 'applied', 'APPLIED', ''), configuration: { revision, hash, settings } };
  }
  if (hash === inForce.hash) return said(id, 'applied', 'UNCHANGED', 'this revision is in force already');
  return rejected(id, 'REVISION_CONFLICT', 'this revision has other settings here');
}

/** A simulated board belongs to the broker it was started for. */
function impossible({ broker }: JsonObject): FieldError[] {
  if (broker === undefined) return [];
  return [{ pointer: '/broker', rule: 'simulated', message: 'cannot be changed on a simulated board' }];
}

function rejected(id: string, code: string, message: string, errors: readonly FieldError[] = []): Outcome {
  return said(id, 'rejected', code, message, errors);
}

function said(
  id: string,
  state: Answer['state'],
  code: string,
  message: string,
  errors: readonly FieldError[] = [],
) {
  return { answer: { id, state, code, message, errors } };
}
