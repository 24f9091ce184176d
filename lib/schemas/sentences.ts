import type { ErrorObject } from 'ajv';
import { isJsonObject } from '../json/json';

/** Longest list of names or values that a sentence carries. */
const LISTED = 12;

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': 'an RFC 3339 date and time, such as 2026-01-29T10:30:00Z',
  date: 'a date, such as 2026-01-29',
  time: 'an RFC 3339 time of day',
  email: 'an e-mail address',
  hostname: 'a host name',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  uri: 'an absolute URI',
  uuid: 'a UUID',
  regex: 'a regular expression',
};

const TYPES: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
  number: 'a number',
  object: 'an object',
  string: 'a text',
};

type Sentence = (params: Readonly<Record<string, unknown>>, error: ErrorObject) => string;

const SENTENCES: Readonly<Record<string, Sentence>> = {
  required: () => 'is required',
  dependentRequired: (params) => `is required when ${JSON.stringify(params.property)} is given`,
  dependencies: (params) => `is required when ${JSON.stringify(params.property)} is given`,
  additionalProperties: (_params, error) => `is not known here${knownNames(error)}`,
  unevaluatedProperties: () => 'is not known here',
  type: (params) =>
    `must be ${either([params.type].flat().map((type) => TYPES[String(type)] ?? String(type)))}`,
  enum: (params) => `must be one of ${listed([params.allowedValues].flat())}`,
  const: (params) => `must be ${JSON.stringify(params.allowedValue)}`,
  minimum: (params) => `must be at least ${params.limit}`,
  maximum: (params) => `must be at most ${params.limit}`,
  exclusiveMinimum: (params) => `must be greater than ${params.limit}`,
  exclusiveMaximum: (params) => `must be less than ${params.limit}`,
  multipleOf: (params) => `must be a multiple of ${params.multipleOf}`,
  minLength: (params) => `must have at least ${counted(params.limit, 'character')}`,
  maxLength: (params) => `must have at most ${counted(params.limit, 'character')}`,
  minItems: (params) => `must have at least ${counted(params.limit, 'item')}`,
  maxItems: (params) => `must have at most ${counted(params.limit, 'item')}`,
  minProperties: (params) => `must have at least ${counted(params.limit, 'entry', 'entries')}`,
  maxProperties: (params) => `must have at most ${counted(params.limit, 'entry', 'entries')}`,
  uniqueItems: (params) => `must not repeat an item: items ${params.j} and ${params.i} are equal`,
  contains: (params) =>
    `must contain at least ${counted(params.minContains ?? 1, 'item')} of the required kind`,
  pattern: (_params, error) => `does not have the required form${explained(error)}`,
  format: (params) => `must be ${FORMATS[String(params.format)] ?? `in the format "${params.format}"`}`,
  not: (_params, error) => notSentence(error),
  'false schema': () => 'is not allowed here',
  anyOf: () => 'matches none of the allowed forms',
  oneOf: (params) =>
    params.passingSchemas === null
      ? 'matches none of the allowed forms'
      : 'matches more than one of the allowed forms',
};

/**
 * One violated rule in words that follow the name of the place: `must be at least 50`. Never repeats the
 * value: it may be a secret in the wrong place.
 */
export function sentenceOf(error: ErrorObject): string {
  const sentence = SENTENCES[error.keyword];
  return sentence === undefined ? (error.message ?? 'is not valid') : sentence(error.params, error);
}

/** The schema's own description of what it expects, which the author of the schema wrote for people. */
function explained(error: ErrorObject): string {
  const description: unknown = error.parentSchema?.description;
  return typeof description === 'string' ? `: ${description.replace(/\.$/, '')}` : '';
}

function knownNames(error: ErrorObject): string {
  const properties: unknown = error.parentSchema?.properties;
  const names = isJsonObject(properties) ? Object.keys(properties) : [];
  return names.length === 0 || names.length > LISTED ? '' : `; known are ${names.join(', ')}`;
}

function notSentence(error: ErrorObject): string {
  const refused: unknown = error.schema;
  if (isJsonObject(refused) && 'const' in refused) return `must not be ${JSON.stringify(refused.const)}`;
  return `is not allowed here${explained(error)}`;
}

function listed(values: readonly unknown[]): string {
  const shown = values.slice(0, LISTED).map((value) => JSON.stringify(value));
  return values.length > LISTED
    ? `${shown.join(', ')} or ${values.length - LISTED} others`
    : shown.join(', ');
}

function either(words: readonly string[]): string {
  return words.join(' or ');
}

function counted(limit: unknown, one: string, many = `${one}s`): string {
  return `${limit} ${limit === 1 ? one : many}`;
}
