import { canonicalJson } from './canonical';
import { escapePointer, isJsonObject, type JsonObject, type JsonValue } from './json';

/** One changed place. `before` is absent for what is new, `after` for what is gone. */
export interface Change {
  /** JSON Pointer. */
  readonly pointer: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
}

/** What differs between two documents, object by object; arrays and scalars are compared whole. */
export function diffJson(before: JsonObject, after: JsonObject, pointer = ''): Change[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    const place = `${pointer}/${escapePointer(key)}`;
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    const now = Object.hasOwn(after, key) ? after[key] : undefined;
    if (isJsonObject(old) && isJsonObject(now)) return diffJson(old, now, place);
    if (old === undefined) return now === undefined ? [] : [{ pointer: place, after: now }];
    if (now === undefined) return [{ pointer: place, before: old }];
    return canonicalJson(old) === canonicalJson(now) ? [] : [{ pointer: place, before: old, after: now }];
  });
}
