import { EgizError, type FieldError } from '../errors/egiz-error';
import type { JsonObject } from '../json/json';
import { type CheckSchema, type Draft, draftOf, SchemaCompiler } from './compiler';
import { toFieldErrors } from './field-errors';

export interface NamedSchema {
  /** How the set calls it; schemas without `$id` are also referred to by it. */
  readonly name: string;
  readonly schema: JsonObject;
}

/** Schemas that may refer to each other, compiled once, with an ajv of their own. Drafts may be mixed; a `$ref`
 *  stays inside its draft. */
export class SchemaSet {
  readonly #checks: ReadonlyMap<string, CheckSchema>;

  private constructor(checks: ReadonlyMap<string, CheckSchema>) {
    this.#checks = checks;
  }

  /**
   * @throws EgizError `SCHEMA_INVALID`, `SCHEMA_DRAFT`, `SCHEMA_DUPLICATE`, with the schema's name as `cause.id`
   */
  static compile(schemas: readonly NamedSchema[], options: { readonly strict: boolean }): SchemaSet {
    const compilers = new Map<Draft, SchemaCompiler>();
    const added = new Map<string, SchemaCompiler>();
    for (const { name, schema } of schemas) {
      if (added.has(name)) throw duplicate(name);
      const draft = draftOf(schema);
      const compiler = compilers.get(draft) ?? new SchemaCompiler(draft, options);
      compilers.set(draft, compiler);
      compiler.add(schema, name);
      added.set(name, compiler);
    }
    return new SchemaSet(new Map([...added].map(([name, compiler]) => [name, compiler.compile(name)])));
  }

  names(): string[] {
    return [...this.#checks.keys()];
  }

  has(name: string): boolean {
    return this.#checks.has(name);
  }

  /**
   * What is wrong with the document; empty when it is valid.
   * @throws EgizError `SCHEMA_UNKNOWN`
   */
  check(name: string, document: unknown): FieldError[] {
    const check = this.#checks.get(name);
    if (check === undefined) {
      throw new EgizError('SCHEMA_UNKNOWN', `There is no schema ${JSON.stringify(name.slice(0, 80))}`, {
        id: name.slice(0, 80),
        mend: `Use one of ${this.names().join(', ')}.`,
      });
    }
    return toFieldErrors(check(document));
  }
}

function duplicate(name: string): EgizError {
  return new EgizError('SCHEMA_DUPLICATE', `Two schemas are called ${JSON.stringify(name)}`, {
    id: name,
    mend: 'Give each schema a name of its own.',
  });
}
