import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError, type FieldError } from '../errors/egiz-error';
import type { JsonObject } from '../json/json';
import { parseJson } from '../json/parse';
import { type CheckSchema, parseSchema, SchemaCompiler } from './compiler';
import { toFieldErrors } from './field-errors';

interface ClientType {
  readonly type: string;
  readonly major: number;
  readonly document: JsonObject;
  readonly check: CheckSchema;
}

/** `opc-core-client.1.json`: the client type and the major version of its schema. */
const FILE_NAME = /^([A-Za-z0-9][A-Za-z0-9_-]{0,63})\.([1-9][0-9]{0,3})\.json$/;
const MAX_SCHEMA_BYTES = 1024 * 1024;

/**
 * The schemas of client types, by `type/major`. Adding a type is adding a file `TYPE.MAJOR.json` to one of
 * the directories. All are compiled when they are loaded, so a bad one is found before the first request.
 */
export class SchemaRegistry {
  readonly #types: ReadonlyMap<string, ClientType>;

  private constructor(types: ReadonlyMap<string, ClientType>) {
    this.#types = types;
  }

  /**
   * Reads every `TYPE.MAJOR.json` of the directories. The schemas of one directory may refer to each other.
   * @throws EgizError `SCHEMA_INVALID`, `SCHEMA_DRAFT`, `SCHEMA_DUPLICATE`, `SCHEMA_FILE_NAME`, or the
   *   file system's own code, each with the file as `cause.id`
   */
  static load(directories: readonly string[]): SchemaRegistry {
    const types = new Map<string, ClientType>();
    for (const directory of directories) {
      for (const client of loadDirectory(directory)) {
        const name = `${client.type}/${client.major}`;
        if (types.has(name)) throw duplicate(name, directory);
        types.set(name, client);
      }
    }
    return new SchemaRegistry(types);
  }

  /** Every `type/major`, sorted by type and major. */
  names(): string[] {
    return [...this.#types.values()]
      .sort((one, other) =>
        one.type === other.type ? one.major - other.major : one.type < other.type ? -1 : 1,
      )
      .map((client) => `${client.type}/${client.major}`);
  }

  has(name: string): boolean {
    return this.#types.has(name);
  }

  /** The `type/major` with the highest major of this type, or undefined when no schema has that type. */
  latestFor(type: string): string | undefined {
    const majors = [...this.#types.values()]
      .filter((client) => client.type === type)
      .map(({ major }) => major);
    return majors.length === 0 ? undefined : `${type}/${Math.max(...majors)}`;
  }

  /**
   * What is wrong with these settings; empty when they are valid.
   * @throws EgizError `SCHEMA_UNKNOWN`
   */
  validate(name: string, settings: JsonObject): FieldError[] {
    return toFieldErrors(this.#find(name).check(settings));
  }

  /**
   * The schema itself, for forms and documentation. Not to be changed.
   * @throws EgizError `SCHEMA_UNKNOWN`
   */
  document(name: string): JsonObject {
    return this.#find(name).document;
  }

  #find(name: string): ClientType {
    const client = this.#types.get(name);
    if (client !== undefined) return client;
    throw new EgizError('SCHEMA_UNKNOWN', `There is no schema ${JSON.stringify(name.slice(0, 80))}`, {
      id: name.slice(0, 80),
      mend: `Use one of ${this.names().join(', ')}.`,
    });
  }
}

function loadDirectory(directory: string): ClientType[] {
  const compiler = new SchemaCompiler('2020-12', { strict: true });
  const files = readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .sort();
  const schemas = files.map((file) => ({
    ...parseFileName(directory, file),
    ...readSchema(directory, file),
  }));
  for (const { path, document } of schemas) compiler.add(document, path);
  return schemas.map(({ type, major, path, document }) => ({
    type,
    major,
    document,
    check: compiler.compile(path),
  }));
}

function parseFileName(directory: string, file: string): { type: string; major: number } {
  const [, type, major] = FILE_NAME.exec(file) ?? [];
  if (type !== undefined && major !== undefined) return { type, major: Number(major) };
  throw new EgizError('SCHEMA_FILE_NAME', `${file} does not name a client type and a major version`, {
    id: join(directory, file),
    mend: 'Name the file TYPE.MAJOR.json, for example signal-tower.1.json.',
  });
}

function readSchema(directory: string, file: string): { path: string; document: JsonObject } {
  const path = join(directory, file);
  try {
    return {
      path,
      document: parseSchema(parseJson(readFileSync(path), { maxBytes: MAX_SCHEMA_BYTES }), path),
    };
  } catch (fault) {
    if (!(fault instanceof EgizError)) throw fault;
    throw new EgizError('SCHEMA_INVALID', `${path}: ${fault.message}`, { ...fault.cause, id: path });
  }
}

function duplicate(name: string, directory: string): EgizError {
  return new EgizError('SCHEMA_DUPLICATE', `${name} is defined twice, the second time in ${directory}`, {
    id: name,
    mend: 'Give the second one another type or the next major version.',
  });
}
