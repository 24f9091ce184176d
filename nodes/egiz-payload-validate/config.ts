import { EgizError } from '../../lib/errors/egiz-error';
import { isJsonObject } from '../../lib/json/json';
import { parseJson } from '../../lib/json/parse';
import { parseSchema } from '../../lib/schemas/compiler';
import type { SchemaChoice, TopicRule, ValidatorOptions } from '../../lib/schemas/payload-validator';
import type { NamedSchema } from '../../lib/schemas/schema-set';
import type { SavedConfig } from '../shell/migrate';

const MAX_SCHEMA_BYTES = 1024 * 1024;

export interface ValidateConfig extends ValidatorOptions {
  /** The property of `msg` that is checked. */
  readonly property: string;
}

/**
 * Reads the node's saved configuration.
 * @throws EgizError `CONFIG_INVALID`, `SCHEMA_INVALID`, `JSON_*`
 */
export function parseConfig(saved: SavedConfig): ValidateConfig {
  const property = text(saved.property);
  return {
    property: property === '' ? 'payload' : property,
    choice: parseChoice(saved),
    schemas: list(saved.schemas).map(parseNamedSchema),
    unmatched: saved.unmatched === 'valid' ? 'valid' : 'invalid',
  };
}

function parseChoice(saved: SavedConfig): SchemaChoice {
  switch (saved.source) {
    case 'automatic':
      return { kind: 'automatic' };
    case 'one':
      return { kind: 'one', name: nameOf(saved.schema, 'No schema is chosen') };
    case 'topic':
      return { kind: 'topic', rules: list(saved.rules).map(parseRule) };
    default:
      throw invalid(`The source ${JSON.stringify(saved.source)} is not known`);
  }
}

function parseRule(rule: Record<string, unknown>): TopicRule {
  return {
    filter: text(rule.filter),
    schema: nameOf(rule.schema, `The rule for ${rule.filter} names no schema`),
  };
}

function parseNamedSchema(entry: Record<string, unknown>): NamedSchema {
  const name = nameOf(entry.name, 'A pasted schema has no name');
  try {
    return { name, schema: parseSchema(parseJson(text(entry.text), { maxBytes: MAX_SCHEMA_BYTES }), name) };
  } catch (fault) {
    if (!(fault instanceof EgizError)) throw fault;
    throw new EgizError(fault.code, `The schema ${name}: ${fault.message}`, { ...fault.cause, id: name });
  }
}

function nameOf(value: unknown, fault: string): string {
  const name = text(value);
  if (name === '') throw invalid(fault);
  return name;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function invalid(message: string): EgizError {
  return new EgizError('CONFIG_INVALID', message, { mend: 'Open the node and complete it.' });
}
