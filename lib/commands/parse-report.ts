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
const text: Check = (value) => typeof value === 'string';
const time: Check = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
const hash: Check = (value) => value === null || (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
const bootId: Check = (value) => typeof value === 'string' && value.length > 0 && value.length <= 64;
const code: Check = (value) => typeof value === 'string' && /^[\x21-\x7e]{1,64}$/.test(value);

interface Member {
  readonly accepts: Check;
  /** What stands for it when it is absent; without it the member must be there. */
  readonly otherwise?: (message: JsonObject) => JsonValue;
}
type Form = Readonly<Record<string, Member>>;

/** The boot of a client that does not tell it. */
const UNTOLD_BOOT = 'untold';

const COMMON: Form = {
  tenantId: { accepts: (value) => isIdentifier('tenant', value) },
  clientId: { accepts: (value) => isIdentifier('device', value) },
  reportedHash: { accepts: hash, otherwise: () => null },
  bootId: { accepts: bootId, otherwise: () => UNTOLD_BOOT },
};

const STATUS: Form = {
  ...COMMON,
  commandId: { accepts: isUuid, otherwise: () => '' },
  revision: { accepts: count },
  version: { accepts: text, otherwise: () => '' },
  state: { accepts: (value) => REPORTED_STATES.some((state) => state === value) },
  code: { accepts: code, otherwise: ({ state }) => String(state).toUpperCase() },
  message: { accepts: text, otherwise: () => '' },
  errors: { accepts: (value) => Array.isArray(value) && value.every(isFieldError), otherwise: () => [] },
  seq: { accepts: count, otherwise: () => 0 },
};

const CONNECTION: Form = {
  ...COMMON,
  revision: { accepts: count, otherwise: () => 0 },
  status: { accepts: (value) => value === 'online' || value === 'offline' },
};

/**
 * Parses what a client publishes on its status topic: a status, a birth or a will (SPEC 3). A client that leaves
 * out what only refines its report is understood all the same; what is there must be right.
 * @param receivedAt milliseconds since the Unix epoch; the time of a message that tells none
 * @throws EgizError `INVALID_MESSAGE` naming the members that are wrong
 */
export function parseClientMessage(payload: Buffer, receivedAt = Date.now()): ClientMessage {
  const message = parse(payload);
  const at: Form = { at: { accepts: time, otherwise: () => new Date(receivedAt).toISOString() } };
  if (message.type === 'ClientStatusReported') {
    const status = complete(message, { ...STATUS, ...at }) as unknown as StatusReport;
    return { ...status, message: status.message.slice(0, MAX_TEXT), errors: shortened(status.errors) };
  }
  if (message.type === 'ClientConnectionChanged') {
    return complete(message, { ...CONNECTION, ...at }) as unknown as ConnectionChange;
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

/** @throws EgizError `INVALID_MESSAGE` */
function complete(message: JsonObject, form: Form): JsonObject {
  const completed: JsonObject = { ...message };
  const wrong: string[] = [];
  for (const [name, { accepts, otherwise }] of Object.entries(form)) {
    const absent = !Object.hasOwn(message, name);
    if (absent && otherwise !== undefined) completed[name] = otherwise(message);
    else if (!accepts(message[name])) wrong.push(`"${name}"`);
  }
  if (wrong.length === 0) return completed;
  throw invalid(`${wrong.join(', ')} ${wrong.length === 1 ? 'is' : 'are'} missing or wrong`);
}

/** A client may say as much as it likes; the store keeps what a person reads. */
function shortened(errors: readonly FieldError[]): FieldError[] {
  const short = (value: string) => value.slice(0, MAX_TEXT);
  return errors.slice(0, MAX_ERRORS).map(({ pointer, rule, message }) => ({
    pointer: short(pointer),
    rule: short(rule),
    message: short(message),
  }));
}

function isFieldError(value: JsonValue): boolean {
  return isJsonObject(value) && ['pointer', 'rule', 'message'].every((name) => text(value[name]));
}

function invalid(why: string): EgizError {
  return new EgizError('INVALID_MESSAGE', `This is not a client's message: ${why}`, {
    mend: 'See schemas/messages/ for the two forms.',
  });
}
