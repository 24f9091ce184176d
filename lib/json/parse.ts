import { EgizError, type FieldError } from '../errors/egiz-error';
import { escapePointer, isJsonObject, type JsonValue } from './json';

export interface JsonLimits {
  /** Bytes of UTF-8 text. */
  readonly maxBytes: number;
  /** Objects and arrays inside each other; a document that is one flat object has depth 1. */
  readonly maxDepth?: number;
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** Keys that change an object's prototype when somebody assigns them carelessly: refused at the border. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__']);

/**
 * Parses JSON text strictly: valid UTF-8, within the limits, no `__proto__` key, no number that JavaScript
 * cannot hold (`1e999` would become Infinity).
 * @throws EgizError `JSON_TOO_LARGE`, `JSON_NOT_UTF8`, `JSON_SYNTAX`, or `JSON_REFUSED` with one field error
 */
export function parseJson(input: Buffer | string, limits: JsonLimits): JsonValue {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.length;
  if (size > limits.maxBytes) {
    throw new EgizError(
      'JSON_TOO_LARGE',
      `The document has ${size} bytes; at most ${limits.maxBytes} are accepted`,
      {
        mend: 'Send a smaller document.',
      },
    );
  }
  const value = parseText(decodeUtf8(input));
  checkJson(value, limits.maxDepth);
  return value;
}

/**
 * Checks a value that somebody else parsed by the same rules as `parseJson`.
 * @throws EgizError `JSON_REFUSED` with one field error
 */
export function checkJson(value: unknown, maxDepth = 64): asserts value is JsonValue {
  const found = findFault(value, maxDepth);
  if (found === undefined) return;
  throw new EgizError(
    'JSON_REFUSED',
    `${found.pointer === '' ? 'The document' : found.pointer} ${found.message}`,
    {
      errors: [found],
    },
  );
}

function decodeUtf8(input: Buffer | string): string {
  if (typeof input === 'string') return input;
  try {
    return UTF_8.decode(input);
  } catch {
    throw new EgizError('JSON_NOT_UTF8', 'The document is not valid UTF-8', {
      mend: 'Encode the text as UTF-8.',
    });
  }
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new EgizError('JSON_SYNTAX', `The document is not valid JSON: ${reason}`, {
      mend: 'Check the text at the position named.',
    });
  }
}

/** The pointer of a fault is put together on the way back: most documents have none, and cost no pointer. */
function findFault(value: unknown, depthLeft: number): FieldError | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : fault('number', 'is a number too large to be held exactly');
    case 'object':
      return value === null ? undefined : findFaultInside(value, depthLeft);
    default:
      return fault('type', `is ${typeof value}, which JSON cannot carry`);
  }
}

function findFaultInside(value: object, depthLeft: number): FieldError | undefined {
  if (depthLeft === 0) return fault('maxDepth', 'is nested too deep');
  if (!Array.isArray(value) && !isPlainObject(value)) return fault('type', 'is not a plain JSON object');
  for (const key of Object.keys(value)) {
    const found = FORBIDDEN_KEYS.has(key)
      ? fault('forbiddenKey', `uses the key ${JSON.stringify(key)}, which is refused`)
      : findFault((value as Record<string, unknown>)[key], depthLeft - 1);
    if (found !== undefined) return { ...found, pointer: `/${escapePointer(key)}${found.pointer}` };
  }
  return undefined;
}

function fault(rule: string, message: string): FieldError {
  return { pointer: '', rule, message };
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return isJsonObject(value) && (prototype === null || Object.getPrototypeOf(prototype) === null);
}
