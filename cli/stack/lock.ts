import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EgizError } from '../../lib/errors/egiz-error';
import { writeFileAtomic } from '../../lib/files/atomic';
import { identify, isRunning, type ProcessIdentity } from './processes';

interface LockContent extends ProcessIdentity {
  /** Set once the owner has begun to stop: it will be gone soon. */
  readonly stopping: boolean;
}

/** A start waits this long for one that is stopping. */
const STOPPING_WAIT_MS = 12_000;

/** One start a home. The lock of a process that is gone counts for nothing. */
export class HomeLock {
  private constructor(
    private readonly file: string,
    private readonly identity: ProcessIdentity,
  ) {}

  /** @throws EgizError `HOME_IN_USE` */
  static async acquire(file: string): Promise<HomeLock> {
    const identity = identify(process.pid) ?? { pid: process.pid, startedAt: '' };
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const deadline = Date.now() + STOPPING_WAIT_MS;
    while (!tryClaim(file, { ...identity, stopping: false })) {
      const owner = readLock(file);
      if (owner === undefined || !isRunning(owner)) {
        removeStale(file);
        continue;
      }
      if (!owner.stopping || Date.now() > deadline) throw inUse(file, owner.pid);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return new HomeLock(file, identity);
  }

  /** From now on the next start waits instead of giving up. */
  markStopping(): void {
    writeFileAtomic(this.file, JSON.stringify({ ...this.identity, stopping: true }), 0o600);
  }

  release(): void {
    rmSync(this.file, { force: true });
  }
}

/** Makes the file with the owner in it, unless there is one. Nobody ever sees it without its content. */
export function tryClaim(file: string, owner: object): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(owner), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw fault;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes a lock whose owner is gone. Another start may do the same at the same moment and have its own lock
 * there by now: what turns out to be alive is put back.
 */
export function removeStale(file: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const owner = readLock(aside);
  if (owner !== undefined && isRunning(owner) && !existsSync(file)) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

/** The owner named in a lock file; undefined when the file is gone or was never finished. */
export function readLock(file: string): LockContent | undefined {
  try {
    const { pid, startedAt, stopping } = JSON.parse(readFileSync(file, 'utf8')) as Partial<LockContent>;
    if (typeof pid !== 'number' || typeof startedAt !== 'string') return undefined;
    return { pid, startedAt, stopping: stopping === true };
  } catch {
    return undefined;
  }
}

function inUse(file: string, pid: number): EgizError {
  return new EgizError('HOME_IN_USE', `${dirname(file)} is in use by process ${pid}`, {
    id: dirname(file),
    mend: `Stop that process (kill ${pid}), or name another data directory with --home.`,
  });
}
