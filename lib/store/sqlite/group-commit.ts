import type { DatabaseSync } from 'node:sqlite';

/** A commit waits for the disk; more units than this in one would make the first of them wait too long. */
const MAX_UNITS = 64;

interface Unit {
  readonly run: () => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (fault: unknown) => void;
}

/**
 * Runs units of work one after the other on one connection, and commits those that have piled up together: the
 * disk is waited for once for all of them. Each is still all or nothing, and answered only when it is durable.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #onCommit: () => void;
  readonly #queue: Unit[] = [];
  #running: Promise<void> | undefined;

  /** @param onCommit called after each commit */
  constructor(database: DatabaseSync, onCommit: () => void) {
    this.#database = database;
    this.#onCommit = onCommit;
  }

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ run: work, resolve: resolve as Unit['resolve'], reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // Whatever else has arrived from the network in this turn joins in.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#commit(this.#queue.splice(0, MAX_UNITS));
    }
    this.#running = undefined;
  }

  async #commit(units: readonly Unit[]): Promise<void> {
    const answers: (() => void)[] = [];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const unit of units) answers.push(await this.#runUnit(unit));
      this.#database.exec('COMMIT');
    } catch (fault) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
      for (const { reject } of units) reject(fault);
      return;
    }
    for (const answer of answers) answer();
    this.#onCommit();
  }

  /** @returns how the unit is to be answered once the whole is durable */
  async #runUnit({ run, resolve, reject }: Unit): Promise<() => void> {
    this.#database.exec('SAVEPOINT unit');
    try {
      const result = await run();
      this.#database.exec('RELEASE unit');
      return () => resolve(result);
    } catch (fault) {
      // A full disk, for example, has ended the whole transaction: then nothing of it stands.
      if (!this.#database.isTransaction) throw fault;
      this.#database.exec('ROLLBACK TO unit; RELEASE unit');
      return () => reject(fault);
    }
  }
}
