import { EgizError, type FieldError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json';
import { parseJson } from '../json/parse';
import { isIdentifier } from '../topics/identifiers';
import { type ClientMessage, type ConnectionChange, REPORTED_STATES, type StatusReport } from './messages';
import { isUuid } from './uuid';

/** A report with 100 errors of long pointers stays far below this. */
const MAX_REPORT_BYTES = 256 * 1024;
const MAX_REPORT_DEPTH = 8;
/** More errors than this say nothing more to a person, and fill the store. */
const MAX_ERRORS = 200;
const MAX_TEXT = 1_000;

type Check = (value: JsonValue | undefined) => boolean;

const count: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const shortText: Check = (value) => typeof value === 'string' && value.length <= MAX_TEXT;
const time: Check = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
const hash: Check = (value) => value === null || (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
const bootId: Check = (value) => typeof value === 'string' && value.length > 0 && value.length <= 64;
const code: Check = (value) => typeof value === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(value);

const COMMON: Readonly<Record<string, Check>> = {
  tenantId: (value) => isIdentifier('tenant', value),
  clientId: (value) => isIdentifier('device', value),
  revision: count,
  reportedHash: hash,
  bootId,
  at: time,
};

const STATUS: Readonly<Record<string, Check>> = {
  ...COMMON,
  commandId: isUuid,
  version: shortText,
  state: (value) => REPORTED_STATES.some((state) => state === value),
  code,
  message: shortText,
  errors: (value) => Array.isArray(value) && value.every(isFieldError),
  seq: count,
};

const CONNECTION: Readonly<Record<string, Check>> = {
  ...COMMON,
  status: (value) => value === 'online' || value === 'offline',
};

/**
 * Parses what a client publishes on its status topic: a status, a birth or a will (SPEC 3).
 * @throws EgizError `INVALID_MESSAGE` naming the members that are wrong
 */
export function parseClientMessage(payload: Buffer): ClientMessage {
  const message = parse(payload);
  if (message.type === 'ClientStatusReported') {
    check(message, STATUS);
    const errors = message.errors as unknown as FieldError[];
    return { ...(message as unknown as StatusReport), errors: errors.slice(0, MAX_ERRORS) };
  }
  if (message.type === 'ClientConnectionChanged') {
    check(message, CONNECTION);
    return message as unknown as ConnectionChange;
  }
  throw invalid(`its type ${JSON.stringify(message.type ?? null).slice(0, 80)} is not a client's message`);
}

function parse(payload: Buffer): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(payload, { maxBytes: MAX_REPORT_BYTES, maxDepth: MAX_REPORT_DEPTH });
  } catch (fault) {
    throw invalid(fault instanceof Error ? fault.message : String(fault));
  }
  if (!isJsonObject(value)) throw invalid('it is not an object');
  return value;
}

function check(message: JsonObject, checks: Readonly<Record<string, Check>>): void {
  const wrong = Object.entries(checks)
    .filter(([name, accepts]) => !accepts(message[name]))
    .map(([name]) => `"${name}"`);
  if (wrong.length > 0)
    throw invalid(`${wrong.join(', ')} ${wrong.length === 1 ? 'is' : 'are'} missing or wrong`);
}

function isFieldError(value: JsonValue): boolean {
  return isJsonObject(value) && ['pointer', 'rule', 'message'].every((name) => shortText(value[name]));
}

function invalid(why: string): EgizError {
  return new EgizError('INVALID_MESSAGE', `This is not a client's message: ${why}`, {
    mend: 'See schemas/messages/ for the two forms.',
  });
}
