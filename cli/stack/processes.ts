import { findProgram, pathDirectories } from '../../lib/processes/find-program';
import { isRunning, type ProcessIdentity } from '../../lib/processes/identity';

/** Sends a signal; a process that is gone already is what was wanted. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone, or not ours: the caller looks again with isRunning.
  }
}

/** Ends a process: asked first, then, after `graceMs`, without asking. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!isRunning(identity)) return;
  signal(identity.pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (isRunning(identity)) {
    if (Date.now() > deadline) signal(identity.pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (Date.now() > deadline + 2_000) return;
  }
}

/** A program that knows nothing of its parent: the kernel is asked to end it with this process. */
export function diesWithParent(command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  const setpriv = findProgram('setpriv', pathDirectories(process.env));
  return setpriv === undefined ? command : [setpriv, '--pdeathsig', 'TERM', '--', ...command];
}
