import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { EgizError } from '../../errors/egiz-error';
import type { Store, StoreTransaction } from '../store';
import { clientQueries } from './clients';
import { commandQueries } from './commands';
import { GroupCommit } from './group-commit';
import { journalQueries } from './journal';
import { MIGRATIONS } from './migrations';
import { outboxQueries } from './outbox';
import { revisionQueries } from './revisions';
import { Statements } from './statements';

/** How long another process may hold the database; the event loop waits with it, so it is short. */
const BUSY_TIMEOUT_MS = 1_000;

/** SQLite's primary result codes that say the database cannot be used now, not that we used it wrongly. */
const UNAVAILABLE: ReadonlyMap<number, string> = new Map([
  [5, 'it is locked by another process'],
  [6, 'it is locked'],
  [8, 'it is read-only'],
  [10, 'reading or writing the disk failed'],
  [11, 'the file is damaged'],
  [13, 'the disk is full'],
  [14, 'the file cannot be opened'],
  [26, 'the file is not a database'],
]);

/**
 * Opens the store in `path`, creating or upgrading it as needed. WAL with synchronous FULL: a commit that has
 * been answered survives a power cut.
 * @throws EgizError `STORE_NEEDS_NEWER_NODE`, `STORE_TOO_NEW`, `STORE_UNAVAILABLE`
 */
export function openSqliteStore(path: string): Store {
  const { DatabaseSync: Database, backup } = loadSqlite();
  const database = guard(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const opened = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      upgrade(opened, path);
      return opened;
    } catch (fault) {
      // Opening is tried again and again: each attempt must give back its file handle.
      opened.close();
      throw fault;
    }
  });
  return new SqliteStore(path, database, (target) => backup(database, target).then(() => undefined));
}

/** `node:sqlite` came with Node 22.13; the package itself still loads on 22.9. */
function loadSqlite(): typeof import('node:sqlite') {
  const sqlite = process.getBuiltinModule('node:sqlite');
  if (sqlite !== undefined) return sqlite;
  throw new EgizError(
    'STORE_NEEDS_NEWER_NODE',
    `The SQLite store needs Node 22.13 or newer; this is ${process.version}`,
    {
      mend: 'Run Node-RED on Node 24 (recommended) or at least 22.13.',
    },
  );
}

function upgrade(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > MIGRATIONS.length) {
    throw new EgizError('STORE_TOO_NEW', `${path} was written by a newer version of the package`, {
      id: path,
      mend: 'Update the package, or restore a backup made before the update.',
    });
  }
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}

/** Runs `work`, turning faults of the database into `STORE_UNAVAILABLE`. */
function guard<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (fault) {
    throw unavailable(path, fault) ?? fault;
  }
}

function unavailable(path: string, fault: unknown): EgizError | undefined {
  if (fault instanceof EgizError || !(fault instanceof Error)) return undefined;
  const { errcode, code } = fault as Error & { errcode?: number; code?: string };
  const known = errcode === undefined ? undefined : UNAVAILABLE.get(errcode & 0xff);
  const reason =
    known ?? (code === 'ERR_INVALID_STATE' || code?.startsWith('E') === true ? fault.message : undefined);
  if (reason === undefined || (known === undefined && code === 'ERR_SQLITE_ERROR')) return undefined;
  return new EgizError('STORE_UNAVAILABLE', `The store ${path} cannot be used: ${reason}`, {
    id: path,
    mend: 'Check that the file and its folder can be written and that the disk has room.',
  });
}

class SqliteStore implements Store {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #copyTo: (path: string) => Promise<void>;
  readonly #transaction: StoreTransaction;
  readonly #commits: GroupCommit;
  readonly #listeners = new Set<() => void>();
  #outboxTouched = false;
  #closed = false;

  constructor(path: string, database: DatabaseSync, copyTo: (path: string) => Promise<void>) {
    this.#path = path;
    this.#database = database;
    this.#copyTo = copyTo;
    this.#commits = new GroupCommit(database, () => this.#tellOutbox());
    const statements = new Statements(database);
    this.#transaction = {
      ...clientQueries(statements),
      ...revisionQueries(statements),
      ...commandQueries(statements),
      ...outboxQueries(statements, () => {
        this.#outboxTouched = true;
      }),
      ...journalQueries(statements),
    };
  }

  async transaction<Result>(work: (tx: StoreTransaction) => Promise<Result>): Promise<Result> {
    if (this.#closed) throw this.#closedError();
    try {
      return await this.#commits.run(() => work(this.#transaction));
    } catch (fault) {
      throw unavailable(this.#path, fault) ?? fault;
    }
  }

  #tellOutbox(): void {
    if (!this.#outboxTouched) return;
    this.#outboxTouched = false;
    for (const listener of this.#listeners) listener();
  }

  #closedError(): EgizError {
    return new EgizError('STORE_UNAVAILABLE', `The store ${this.#path} has been closed`, { id: this.#path });
  }

  onOutbox(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async backup(path: string): Promise<void> {
    await this.#copyTo(path).catch((fault: unknown) => {
      throw unavailable(path, fault) ?? fault;
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#commits.idle();
    this.#database.close();
  }
}
