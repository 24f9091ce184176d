import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { PRIVATE_DIRECTORY_MODE } from '../files/atomic';
import { identify, isRunning, type ProcessIdentity } from './identity';

export interface LockContent extends ProcessIdentity {
  /** Set once the owner has begun to stop: it will be gone soon. */
  readonly stopping: boolean;
}

/**
 * Does `work` while nobody else does anything under the same lock file. The lock of a process that is gone counts
 * for nothing.
 * @throws EgizError `BUSY` when another has it
 */
export async function underLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
  const owner = identify(process.pid) ?? { pid: process.pid, startedAt: '' };
  while (!tryClaim(file, owner)) {
    const other = readLock(file);
    if (other !== undefined && isRunning(other)) {
      throw new EgizError('BUSY', `Process ${other.pid} is at work on ${dirname(file)}`, {
        id: file,
        mend: 'Wait until it is done, and try again.',
      });
    }
    removeStale(file);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
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
