import { type Endpoint, fingerprintOf, presentedFingerprint } from '../broker/handshake';
import { barrierTo, brokerPid, signalReload, userOf } from '../broker/process';
import { EgizError, toEgizError } from '../errors/egiz-error';
import { underLock } from '../processes/claim';
import type { KeyPair } from './certificates';
import { type KeyPairFiles, readPair, recoverPair, replacePair } from './pair-files';

/** A server that takes up a certificate on SIGHUP: Mosquitto. */
export interface RunningServer {
  readonly pidFile: string;
  /** Every listener that shows the certificate. */
  readonly endpoints: readonly Endpoint[];
}

export interface Rotation {
  /** Whether the server was told. */
  readonly reloaded: boolean;
  /** Whether every listener was seen to show the new certificate. */
  readonly probed: boolean;
}

const TIMEOUT_MS = 30_000;
const AGAIN_MS = 200;

/**
 * Replaces the certificate and the key of a server, and of a running one without dropping its clients: the pair is
 * checked, replaced, the server signalled, and a handshake with each listener must show the new certificate. When
 * one does not, the old pair comes back. Without `server` only the files are replaced.
 * @throws EgizError `PKI_PAIR_MISMATCH`, `PKI_PAIR_UNREADABLE`, `BROKER_PID_UNREADABLE`, `BROKER_NOT_SIGNALLED`,
 *   `HANDSHAKE_FAILED`, `FILE_OWNER`, `BUSY`: nothing was changed; `PKI_ROTATION_FAILED`: taken back
 */
export async function rotatePair(
  files: KeyPairFiles,
  pair: KeyPair,
  server?: RunningServer,
  timeoutMs = TIMEOUT_MS,
): Promise<Rotation> {
  return underLock(`${files.certFile}.lock`, async () => {
    if (server === undefined) {
      replacePair(files, pair).keep();
      return { reloaded: false, probed: false };
    }
    const pid = brokerPid(server.pidFile);
    // A wrong address is found before anything is replaced.
    for (const endpoint of server.endpoints) await presentedFingerprint(endpoint, timeoutMs);
    const before = readPair(files);
    const replaced = replacePair(files, pair);
    const finding = await reload(server, pid, files, pair, timeoutMs);
    if (finding === undefined) {
      replaced.keep();
      return { reloaded: true, probed: server.endpoints.length > 0 };
    }
    replaced.takeBack();
    const outcome =
      before === undefined
        ? 'there was no pair before to go back to'
        : await afterTakingBack(server, pid, files, before, timeoutMs);
    throw new EgizError('PKI_ROTATION_FAILED', `The new certificate is not in use: ${finding}; ${outcome}`, {
      id: files.certFile,
      mend: 'See the log of the broker for what it did with the files.',
    });
  });
}

/**
 * Puts the old pair back where a replacement was cut off. Before a broker starts or is told to reload: with half a
 * pair it does not start, and after a reload it refuses newcomers and denies everybody everything.
 * @returns whether there was anything to mend
 * @throws EgizError `BUSY` while a replacement is under way
 */
export function mendPair(files: KeyPairFiles): Promise<boolean> {
  return underLock(`${files.certFile}.lock`, async () => recoverPair(files));
}

async function afterTakingBack(
  server: RunningServer,
  pid: number,
  files: KeyPairFiles,
  before: KeyPair,
  timeoutMs: number,
): Promise<string> {
  const finding = await reload(server, pid, files, before, timeoutMs);
  return finding === undefined ? 'the old pair is back and in use' : `the old pair is back, but: ${finding}`;
}

/** Undefined when every listener shows the pair's certificate. */
async function reload(
  server: RunningServer,
  pid: number,
  files: KeyPairFiles,
  pair: KeyPair,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    requireReadable(pid, files);
    signalReload(server.pidFile);
    for (const endpoint of server.endpoints) {
      const finding = await untilShown(endpoint, fingerprintOf(pair.certificate), timeoutMs);
      if (finding !== undefined) return finding;
    }
    return undefined;
  } catch (fault) {
    return toEgizError(fault).message;
  }
}

/** Before the signal: a key that the broker's user cannot read would leave it without any usable certificate. */
function requireReadable(pid: number, { certFile, keyFile }: KeyPairFiles): void {
  const user = userOf(pid);
  if (user === undefined) return;
  const barrier = barrierTo(keyFile, user) ?? barrierTo(certFile, user);
  if (barrier !== undefined) {
    throw new EgizError('BROKER_CANNOT_READ', `the broker's user (${user.uid}) cannot read ${barrier}`);
  }
}

async function untilShown(
  endpoint: Endpoint,
  fingerprint: string,
  timeoutMs: number,
): Promise<string | undefined> {
  const where = `${endpoint.host}:${endpoint.port}`;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const shown = await presentedFingerprint(endpoint, Math.max(deadline - Date.now(), AGAIN_MS)).catch(
      (fault: unknown) => toEgizError(fault),
    );
    if (shown === fingerprint) return undefined;
    if (Date.now() + AGAIN_MS > deadline) {
      return typeof shown === 'string' ? `${where} shows another certificate` : shown.message;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
