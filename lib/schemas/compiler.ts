import { Ajv, type AnySchemaObject, type ErrorObject, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { EgizError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject } from '../json/json';

/** Returns the violated rules of one document, none when it is valid. Synchronous and without side effects. */
export type CheckSchema = (document: unknown) => readonly ErrorObject[];

export type Draft = 'draft-07' | '2020-12';

/**
 * `verbose` carries each rule's own schema, whose description explains it to a person. Types and required
 * members may be told in another branch of the schema (`if`/`then`), so those two strict checks are off.
 */
const OPTIONS: Options = { allErrors: true, verbose: true, strictTypes: false, strictRequired: false };

/**
 * The draft a schema names in `$schema`; without one, 2020-12.
 * @throws EgizError `SCHEMA_DRAFT` for any other draft
 */
export function draftOf(schema: JsonObject): Draft {
  const named = schema.$schema ?? 'https://json-schema.org/draft/2020-12/schema';
  const address = typeof named === 'string' ? named.replace(/#$/, '').replace(/^https?:\/\//, '') : '';
  if (address === 'json-schema.org/draft/2020-12/schema') return '2020-12';
  if (address === 'json-schema.org/draft-07/schema') return 'draft-07';
  throw new EgizError('SCHEMA_DRAFT', `The schema names the draft ${JSON.stringify(named)}`, {
    mend: 'Use JSON Schema draft-07 or 2020-12.',
  });
}

/** What a set of schemas is compiled with. */
export interface CompileOptions {
  /** Refuse unknown keywords, so that a misspelt rule is found when the schema is read. */
  readonly strict: boolean;
}

/**
 * Compiles schemas that may refer to each other by `$id`. Each call has its own ajv instance, so equal `$id`s
 * of different sets never meet. All of one set must be of one draft.
 */
export class SchemaCompiler {
  readonly #ajv: Ajv;
  readonly #draft: Draft;

  constructor(draft: Draft, options: CompileOptions) {
    const settings: Options = { ...OPTIONS, strict: options.strict };
    this.#draft = draft;
    this.#ajv = draft === '2020-12' ? (new Ajv2020(settings) as Ajv) : new Ajv(settings);
    addFormats.default(this.#ajv);
  }

  /**
   * Makes a schema known under its `$id`, or under `key` when it has none.
   * @throws EgizError `SCHEMA_INVALID`, `SCHEMA_DRAFT`
   */
  add(schema: JsonObject, key: string): void {
    const draft = draftOf(schema);
    if (draft !== this.#draft && schema.$schema !== undefined) {
      throw new EgizError('SCHEMA_DRAFT', `The schema is of ${draft}, the others are of ${this.#draft}`, {
        id: key,
        mend: 'Write schemas that refer to each other in one draft.',
      });
    }
    this.#guard(key, () => this.#ajv.addSchema(schema as AnySchemaObject, key));
  }

  /**
   * Compiles the schema added as `key`.
   * @throws EgizError `SCHEMA_INVALID`
   */
  compile(key: string): CheckSchema {
    const validate = this.#guard(key, () => this.#ajv.getSchema(key));
    if (validate === undefined)
      throw new EgizError('SCHEMA_UNKNOWN', `There is no schema ${key}`, { id: key });
    if ('$async' in validate) {
      throw new EgizError('SCHEMA_INVALID', `${key}: asynchronous schemas are not supported`, { id: key });
    }
    return (document) => (validate(document) === true ? [] : (validate.errors ?? []));
  }

  #guard<Result>(key: string, work: () => Result): Result {
    try {
      return work();
    } catch (fault) {
      const reason = fault instanceof Error ? fault.message : String(fault);
      throw new EgizError('SCHEMA_INVALID', `The schema ${key} cannot be compiled: ${reason}`, {
        id: key,
        mend: 'Mend the schema at the place named.',
      });
    }
  }
}

/**
 * Reads one JSON Schema from a value somebody else parsed.
 * @throws EgizError `SCHEMA_INVALID`
 */
export function parseSchema(value: unknown, name: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new EgizError('SCHEMA_INVALID', `${name} is not a JSON object`, {
    id: name,
    mend: 'A JSON Schema here is an object.',
  });
}
