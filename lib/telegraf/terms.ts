import { EgizError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json';

/** A place in a message that is being checked. */
export interface Place {
  /** The Starlark expression of the value. */
  readonly value: string;
  /** The Starlark expression of its JSON Pointer. */
  readonly at: string;
  /** Where the schema is, for references and errors. */
  readonly base: string;
  /** Nesting, which keeps variables apart. */
  readonly depth: number;
}

/** The few conditions that our schemas use, as a Starlark expression. */
export function condition(schema: JsonObject, place: Place): string {
  const { value } = place;
  const parts = Object.entries(schema).map(([keyword, rule]) => {
    if (keyword === 'const') return `${value} == ${literal(rule)}`;
    if (keyword === 'not') return `not (${condition(object(rule), place)})`;
    if (keyword === 'required') {
      return strings(rule)
        .map((name) => `${text(name)} in ${value}`)
        .join(' and ');
    }
    if (keyword !== 'properties') throw unknown(place.base, `has the condition "${keyword}"`);
    const members = Object.entries(object(rule)).map(([name, child]) =>
      condition(object(child), { ...place, value: `${value}.get(${text(name)})` }),
    );
    return members.join(' and ');
  });
  return parts.join(' and ');
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'type(V) != "dict"',
  array: 'type(V) != "list"',
  string: 'type(V) != "string"',
  boolean: 'type(V) != "bool"',
  null: 'V != None',
  number: 'type(V) != "float" and type(V) != "int"',
  // JSON has one kind of number: 1.0 is an integer too.
  integer: 'type(V) != "int" and (type(V) != "float" or V != int(V))',
};

/** Starlark compares a whole number with a broken one as exact fractions, at the price of all else in a message. */
export function comparable({ type }: JsonObject, value: string): string {
  return type === 'number' ? `float(${value})` : value;
}

export function limit({ type }: JsonObject, rule: JsonValue | undefined): string {
  return type === 'number' && Number.isInteger(rule) ? `${rule}.0` : literal(rule);
}

export function typeFault(rule: JsonValue | undefined, value: string): string {
  const types = Array.isArray(rule) ? strings(rule) : [String(rule)];
  const faults = types.map((type) => (TYPES[type] ?? '').replaceAll('V', value));
  return types.length === 1 ? faults.join() : faults.map((fault) => `(${fault})`).join(' and ');
}

/** A whole number of hundreds of digits, which no float can hold; other readers take it for infinite. */
export function tooLarge({ type, maximum }: JsonObject, { value, base }: Place): string[] {
  if (maximum !== undefined) return [];
  const types = Array.isArray(type) ? type : [type];
  if (types.includes('integer')) throw unknown(base, 'has an integer without a maximum');
  const largest = Number.MAX_VALUE;
  return types.includes('number')
    ? [`type(${value}) == "int" and (${value} > ${largest} or ${value} < -${largest})`]
    : [];
}

export function functionName(reference: string): string {
  return `check_${reference.replace('urn:openegiz:schema:', '').replace('#/$defs/', '_').replace(/\W/g, '_')}`;
}

export function below(at: string, name: string): string {
  return at.endsWith('"') ? `${at.slice(0, -1)}/${name}"` : `${at} + "/${name}"`;
}

export function nameOf(member: string): string {
  return member.replace(/\W/g, '_');
}

export function literal(value: JsonValue | undefined): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  return value === null ? 'None' : JSON.stringify(value);
}

export function text(value: string): string {
  return JSON.stringify(value);
}

export function words(rule: JsonValue | undefined): string {
  return Array.isArray(rule) ? rule.join(', ') : String(rule);
}

export function strings(value: JsonValue | undefined): string[] {
  return (value as JsonValue[]).map(String);
}

export function object(value: JsonValue | undefined): JsonObject {
  if (!isJsonObject(value))
    throw new EgizError('SCHEMA_UNSUPPORTED', `${JSON.stringify(value)} is not an object`);
  return value;
}

export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${line}`);
}

export function unknown(where: string, what: string): EgizError {
  return new EgizError('SCHEMA_UNSUPPORTED', `${where} ${what}, which no check in Starlark is known for`, {
    id: where,
    mend: 'Teach it to lib/telegraf/starlark.ts and telegraf/starlark/forms.star.',
  });
}
