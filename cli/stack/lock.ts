import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { EgizError } from '../../lib/errors/egiz-error';
import { writeFileAtomic } from '../../lib/files/atomic';
import { readLock, removeStale, tryClaim } from '../../lib/processes/claim';
import { identify, isRunning, type ProcessIdentity } from '../../lib/processes/identity';

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

function inUse(file: string, pid: number): EgizError {
  return new EgizError('HOME_IN_USE', `${dirname(file)} is in use by process ${pid}`, {
    id: dirname(file),
    mend: `Stop that process (kill ${pid}), or name another data directory with --home.`,
  });
}
