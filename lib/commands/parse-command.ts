import { EgizError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json';
import { parseJson } from '../json/parse';
import { isIdentifier } from '../topics/identifiers';
import type { ConfigurationCommand } from './messages';
import { isUuid } from './uuid';

/** 32 KB of settings, escaped or indented by another service than ours. */
const MAX_COMMAND_BYTES = 256 * 1024;
/** Ten levels of settings, and the command around them. */
const MAX_COMMAND_DEPTH = 11;

type Check = (value: JsonValue | undefined) => boolean;

const time: Check = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));

const CHECKS: Readonly<Record<string, Check>> = {
  type: (value) => value === 'ClientConfigurationUpdated',
  commandId: isUuid,
  tenantId: (value) => isIdentifier('tenant', value),
  clientId: (value) => isIdentifier('client', value),
  revision: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  version: (value) => typeof value === 'string' && value.length > 0 && value.length <= 128,
  schema: (value) =>
    typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\/[1-9]\d{0,3}$/.test(value),
  settings: isJsonObject,
  hash: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  issuedAt: time,
  expiresAt: time,
};

/**
 * Parses a configuration command strictly (SPEC 3). Members we do not know are left out.
 * @throws EgizError `INVALID_MESSAGE` naming the members that are wrong
 */
export function parseCommand(payload: Buffer): ConfigurationCommand {
  const message = parse(payload);
  const wrong = Object.entries(CHECKS)
    .filter(([name, accepts]) => !accepts(message[name]))
    .map(([name]) => `"${name}"`);
  if (wrong.length > 0)
    throw invalid(`${wrong.join(', ')} ${wrong.length === 1 ? 'is' : 'are'} missing or wrong`);
  const members = Object.keys(CHECKS).map((name) => [name, message[name]]);
  return Object.fromEntries(members) as unknown as ConfigurationCommand;
}

function parse(payload: Buffer): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(payload, { maxBytes: MAX_COMMAND_BYTES, maxDepth: MAX_COMMAND_DEPTH });
  } catch (fault) {
    throw invalid(fault instanceof Error ? fault.message : String(fault));
  }
  if (!isJsonObject(value)) throw invalid('it is not an object');
  return value;
}

function invalid(why: string): EgizError {
  return new EgizError('INVALID_MESSAGE', `This is not a configuration command: ${why}`, {
    mend: 'See schemas/messages/ClientConfigurationUpdated.json.',
  });
}
