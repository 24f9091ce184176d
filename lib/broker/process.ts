import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EgizError } from '../errors/egiz-error';

/** The user and the groups a process acts as. */
export interface ProcessUser {
  readonly uid: number;
  readonly gids: readonly number[];
}

/**
 * Makes a running Mosquitto read its acl_file, password_file, certificates and revocation lists again.
 * @param pidFile the broker's `pid_file`
 * @throws EgizError `BROKER_PID_UNREADABLE`, `BROKER_NOT_SIGNALLED`
 */
export function signalReload(pidFile: string): void {
  const pid = brokerPid(pidFile);
  try {
    process.kill(pid, 'SIGHUP');
  } catch (fault) {
    throw notSignalled(pidFile, `The broker (process ${pid}) took no signal: ${fault}`);
  }
}

/**
 * The process id of a broker that can be signalled.
 * @throws EgizError `BROKER_PID_UNREADABLE`, `BROKER_NOT_SIGNALLED`
 */
export function brokerPid(pidFile: string): number {
  const pid = readPid(pidFile);
  try {
    process.kill(pid, 0);
  } catch (fault) {
    throw notSignalled(pidFile, `The broker (process ${pid}) cannot be signalled: ${fault}`);
  }
  // A pid file outlives its broker, and its number may be somebody's whom SIGHUP would end.
  if (catchesHangUp(pid) !== false) return pid;
  throw notSignalled(
    pidFile,
    `Process ${pid} is no broker: it does not handle SIGHUP, which would have ended it`,
  );
}

/** Undefined where the system does not tell. */
export function userOf(pid: number): ProcessUser | undefined {
  const status = statusOf(pid);
  const numbers = (name: string) =>
    (new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number);
  // Real, effective, saved, file system.
  const [, uid] = numbers('Uid');
  const [, gid] = numbers('Gid');
  return uid === undefined || gid === undefined ? undefined : { uid, gids: [gid, ...numbers('Groups')] };
}

const READ = 4;
const ENTER = 1;

/**
 * What keeps a user from reading a file: the file itself or a directory on the way to it; undefined: nothing.
 * By mode and owner; access control lists beyond them are not asked.
 */
export function barrierTo(file: string, user: ProcessUser): string | undefined {
  if (user.uid === process.geteuid?.()) return isReadable(file) ? undefined : file;
  if (user.uid === 0) return undefined;
  for (let directory = dirname(resolve(file)); ; directory = dirname(directory)) {
    if (!allows(directory, user, ENTER)) return directory;
    if (directory === dirname(directory)) break;
  }
  return allows(file, user, READ) ? undefined : file;
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function allows(path: string, { uid, gids }: ProcessUser, bit: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  const shift = found.uid === uid ? 6 : gids.includes(found.gid) ? 3 : 0;
  return ((found.mode >> shift) & bit) !== 0;
}

const SIGHUP_BIT = 1n;

function catchesHangUp(pid: number): boolean | undefined {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(statusOf(pid))?.[1];
  return caught === undefined ? undefined : (BigInt(`0x${caught}`) & SIGHUP_BIT) !== 0n;
}

/** Empty where there is no /proc. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

function notSignalled(pidFile: string, message: string): EgizError {
  return new EgizError('BROKER_NOT_SIGNALLED', message, {
    id: pidFile,
    mend: 'See that the broker runs, and as a user that this process may signal.',
  });
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
    mend: 'Set pid_file in mosquitto.conf and name that file here; while the broker does not run, ask for no reload.',
  });
}
