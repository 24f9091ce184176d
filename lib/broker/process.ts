import { readFileSync } from 'node:fs';
import { EgizError } from '../errors/egiz-error';

/**
 * Makes a running Mosquitto read acl_file and password file again.
 * @param pidFile the broker's `pid_file`
 * @throws EgizError `BROKER_PID_UNREADABLE`, `BROKER_NOT_SIGNALLED`
 */
export function signalReload(pidFile: string): void {
  const pid = readPid(pidFile);
  try {
    process.kill(pid, 'SIGHUP');
  } catch (fault) {
    throw new EgizError('BROKER_NOT_SIGNALLED', `The broker (process ${pid}) took no signal: ${fault}`, {
      id: pidFile,
      mend: 'See that the broker runs, and as a user that this process may signal.',
    });
  }
}

function readPid(pidFile: string): number {
  let text = '';
  try {
    text = readFileSync(pidFile, 'utf8');
  } catch {
    // Falls through to the same message as a file with something else in it.
  }
  const pid = Number(text.trim());
  if (Number.isSafeInteger(pid) && pid > 1) return pid;
  throw new EgizError('BROKER_PID_UNREADABLE', `${pidFile} holds no process id of a broker`, {
    id: pidFile,
    mend: 'Set pid_file in mosquitto.conf and name that file here.',
  });
}
