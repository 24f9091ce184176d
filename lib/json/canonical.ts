import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from './json';

/**
 * The canonical form of RFC 8785 (JCS): keys sorted by UTF-16 code units, ECMAScript number and string forms,
 * no white space. The value must be finite JSON (see `checkJson`).
 */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Lower-case hex SHA-256 of the canonical form: the identity of a configuration (SPEC 3). */
export function hashSettings(settings: JsonObject): string {
  return createHash('sha256').update(canonicalJson(settings), 'utf8').digest('hex');
}
