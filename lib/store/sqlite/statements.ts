import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';

export type Row = Record<string, SQLOutputValue>;
export type Parameters = Record<string, SQLInputValue>;

/** Prepared statements of one database, each compiled once. Parameters are named, without their colon. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run(sql: string, parameters: Parameters = {}): number {
    return Number(this.#statement(sql).run(parameters).changes);
  }

  get(sql: string, parameters: Parameters = {}): Row | undefined {
    return this.#statement(sql).get(parameters);
  }

  all(sql: string, parameters: Parameters = {}): Row[] {
    return this.#statement(sql).all(parameters);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

export const text = (value: SQLOutputValue | undefined): string => String(value);
export const textOrNull = (value: SQLOutputValue | undefined): string | null =>
  value === null || value === undefined ? null : String(value);
export const int = (value: SQLOutputValue | undefined): number => Number(value);
export const intOrNull = (value: SQLOutputValue | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

/** Columns we wrote as JSON ourselves, inside the border. */
export const json = <Shape>(value: SQLOutputValue | undefined): Shape => JSON.parse(String(value)) as Shape;

/** `SET a = :a, b = :b` and its parameters, from the members of `patch` that have a column. */
export function assignments(
  patch: object,
  columns: Readonly<Record<string, string>>,
): { sql: string; parameters: Parameters } {
  const parameters: Parameters = {};
  const parts: string[] = [];
  for (const [name, value] of Object.entries(patch)) {
    const column = columns[name];
    if (column === undefined) continue;
    parts.push(`${column} = :${column}`);
    parameters[column] = typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
  }
  return { sql: parts.join(', '), parameters };
}
