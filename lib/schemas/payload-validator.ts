import { EgizError, type FieldError, toEgizError } from '../errors/egiz-error';
import { isJsonObject, type JsonValue } from '../json/json';
import { checkJson, parseJson } from '../json/parse';
import { checkAgreement } from '../telemetry/agreement';
import { isTopicFilter, matchesFilter } from '../topics/filters';
import { builtInFor, builtInSchemas } from './built-in';
import { BUILT_IN_NAMES, type BuiltInName, isBuiltIn } from './names';
import { type NamedSchema, SchemaSet } from './schema-set';

/** A topic filter and the name of the schema that its messages must fit. */
export interface TopicRule {
  readonly filter: string;
  readonly schema: string;
}

/** Which schema a payload is held against. */
export type SchemaChoice =
  /** The built-in schema of the message's topic. */
  | { readonly kind: 'automatic' }
  /** One schema for every message: a built-in one or one of `schemas`. */
  | { readonly kind: 'one'; readonly name: string }
  /** The first rule that covers the message's topic. */
  | { readonly kind: 'topic'; readonly rules: readonly TopicRule[] };

export interface ValidatorOptions {
  readonly choice: SchemaChoice;
  /** The owner's schemas; they may refer to each other, and one named like a built-in one takes its place. */
  readonly schemas: readonly NamedSchema[];
  /** What happens to a message that no schema is meant for. */
  readonly unmatched: 'invalid' | 'valid';
}

export interface Verdict {
  /** The payload, read from its JSON text when it came as text or bytes. */
  readonly value: unknown;
  /** The schema it was held against; absent when none was meant for it. */
  readonly schema?: string;
  readonly errors: readonly FieldError[];
}

/** 256 KB: the broker's own message limit (FR-2.7). */
const MAX_PAYLOAD_BYTES = 256 * 1024;

/** Holds payloads against schemas. Compiled once; checking neither waits nor throws. */
export class PayloadValidator {
  readonly #options: ValidatorOptions;
  readonly #schemas: SchemaSet;
  readonly #now: () => number;

  /** @throws EgizError `SCHEMA_*` for a schema that cannot be compiled, `INVALID_TOPIC` for a bad rule */
  constructor(options: ValidatorOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    checkRules(options.choice);
    const own = new Set(options.schemas.map(({ name }) => name));
    const builtIn = namesOf(options.choice).filter((name) => !own.has(name));
    const shipped = builtIn.length === 0 ? [] : builtInSchemas(builtIn.filter(isBuiltIn));
    this.#schemas = SchemaSet.compile([...shipped, ...options.schemas], { strict: false });
    for (const name of namesOf(options.choice)) {
      if (!this.#schemas.has(name)) this.#schemas.check(name, undefined);
    }
  }

  validate(topic: string, payload: unknown): Verdict {
    let value: JsonValue;
    try {
      value = readJson(payload);
    } catch (fault) {
      return { value: payload, errors: faultsOf(toEgizError(fault)) };
    }
    const schema = this.#schemaFor(topic, value);
    if (schema === undefined) return { value, errors: this.#unmatched(topic) };
    const errors = this.#schemas.check(schema, value);
    if (errors.length > 0 || !this.#isSensorPayload(schema) || !isJsonObject(value)) {
      return { value, schema, errors };
    }
    return { value, schema, errors: checkAgreement(topic, value, this.#now()) };
  }

  #schemaFor(topic: string, value: JsonValue): string | undefined {
    const { choice } = this.#options;
    if (choice.kind === 'automatic') return builtInFor(topic, value);
    if (choice.kind === 'one') return choice.name;
    return choice.rules.find(({ filter }) => matchesFilter(filter, topic))?.schema;
  }

  #unmatched(topic: string): FieldError[] {
    if (this.#options.unmatched === 'valid') return [];
    const shown = topic === '' ? 'a message without a topic' : `the topic ${topic.slice(0, 200)}`;
    return [{ pointer: '', rule: 'schema', message: `has no schema: none is meant for ${shown}` }];
  }

  /** The built-in telemetry and status also have to agree with their topic and the clock. */
  #isSensorPayload(schema: string): boolean {
    const own = this.#options.schemas.some(({ name }) => name === schema);
    return !own && (schema === 'status' || schema.startsWith('telemetry/'));
  }
}

function readJson(payload: unknown): JsonValue {
  if (typeof payload === 'string' || Buffer.isBuffer(payload)) {
    return parseJson(payload, { maxBytes: MAX_PAYLOAD_BYTES });
  }
  checkJson(payload);
  return payload;
}

function faultsOf(error: EgizError): readonly FieldError[] {
  return error.cause.errors ?? [{ pointer: '', rule: error.code, message: error.message }];
}

function namesOf(choice: SchemaChoice): readonly (BuiltInName | string)[] {
  if (choice.kind === 'automatic') return BUILT_IN_NAMES;
  return choice.kind === 'one' ? [choice.name] : [...new Set(choice.rules.map(({ schema }) => schema))];
}

function checkRules(choice: SchemaChoice): void {
  if (choice.kind !== 'topic') return;
  const wrong = choice.rules.find(({ filter }) => !isTopicFilter(filter));
  if (wrong === undefined) return;
  throw new EgizError('INVALID_TOPIC', `${JSON.stringify(wrong.filter)} is not a topic filter`, {
    topic: wrong.filter,
    mend: 'Use + for one level and # alone as the last level.',
  });
}
