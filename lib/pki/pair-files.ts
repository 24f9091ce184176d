import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { Draft, SECRET_MODE, writeFileAtomic } from '../files/atomic';
import { isJsonObject } from '../json/json';
import type { KeyPair } from './certificates';

/** The two files of a certificate. The key's has mode 0600. */
export interface KeyPairFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export function pairFiles(directory: string, name: string): KeyPairFiles {
  return { certFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) };
}

/** The key first: a certificate without its key would leave a broker with no usable certificate. */
export function writePair(files: KeyPairFiles, pair: KeyPair, write = writeFileAtomic): void {
  write(files.keyFile, pair.privateKey, SECRET_MODE);
  write(files.certFile, pair.certificate);
}

export function readPair(files: KeyPairFiles): KeyPair | undefined {
  if (!existsSync(files.certFile) || !existsSync(files.keyFile)) return undefined;
  return {
    certificate: readFileSync(files.certFile, 'utf8'),
    privateKey: readFileSync(files.keyFile, 'utf8'),
  };
}

/** @throws EgizError `PKI_PAIR_MISMATCH`, `PKI_PAIR_UNREADABLE` */
export function checkPair(pair: KeyPair): void {
  let matches = false;
  try {
    matches = new X509Certificate(pair.certificate).checkPrivateKey(createPrivateKey(pair.privateKey));
  } catch (fault) {
    throw new EgizError('PKI_PAIR_UNREADABLE', `The certificate or its key cannot be read: ${fault}`, {
      mend: 'Both must be PEM, and the key without a passphrase.',
    });
  }
  if (matches) return;
  throw new EgizError('PKI_PAIR_MISMATCH', 'The key does not belong to the certificate', {
    mend: 'Name the certificate and the key that were made together; of a chain the own certificate comes first.',
  });
}

/** A pair that has been put in place and may still be taken back. */
export interface ReplacedPair {
  /** The new pair stays. */
  keep(): void;
  /** The pair of before comes back; false when there was none. */
  takeBack(): boolean;
}

/** Steps of a replacement, for tests that end the process at one. */
export type PairStep = 'noted' | 'key' | 'certificate';

/**
 * Replaces certificate and key together. Two files cannot be renamed in one step, so the old pair is first noted
 * beside them: whoever is killed halfway, `recoverPair` puts the old pair back. One at a time, see `underLock`.
 * @throws EgizError `PKI_PAIR_MISMATCH`, `PKI_PAIR_UNREADABLE`, `FILE_OWNER`
 */
export function replacePair(
  files: KeyPairFiles,
  pair: KeyPair,
  trace: (step: PairStep) => void = () => undefined,
): ReplacedPair {
  recoverPair(files);
  checkPair(pair);
  const before = readPair(files);
  writeFileAtomic(noteOf(files), JSON.stringify(before ?? {}), SECRET_MODE);
  trace('noted');
  try {
    putInPlace(files, pair, trace);
  } catch (fault) {
    recoverPair(files);
    throw fault;
  }
  return {
    keep: () => rmSync(noteOf(files), { force: true }),
    takeBack: () => recoverPair(files),
  };
}

/**
 * Ends a replacement that was cut off: the pair of before comes back.
 * @returns whether a pair came back
 */
export function recoverPair(files: KeyPairFiles): boolean {
  const note = noteOf(files);
  if (!existsSync(note)) return false;
  const before = parsePair(readFileSync(note, 'utf8'));
  if (before !== undefined) putInPlace(files, before);
  rmSync(note, { force: true });
  return before !== undefined;
}

const GROUP_MAY_READ = 0o640;

function putInPlace(
  files: KeyPairFiles,
  pair: KeyPair,
  trace: (step: PairStep) => void = () => undefined,
): void {
  const key = new Draft(files.keyFile, pair.privateKey, SECRET_MODE);
  try {
    // The owner may have given the broker's group the right to read it, but nobody the whole world.
    chmodSync(key.draftPath, statSync(key.draftPath).mode & GROUP_MAY_READ);
    const certificate = new Draft(files.certFile, pair.certificate, 0o644);
    key.commit();
    trace('key');
    certificate.commit();
    trace('certificate');
  } catch (fault) {
    key.discard();
    throw fault;
  }
}

/** Readable by whoever may read the key, and by nobody else. */
function noteOf({ keyFile }: KeyPairFiles): string {
  return `${keyFile}.before`;
}

function parsePair(text: string): KeyPair | undefined {
  const found: unknown = JSON.parse(text);
  if (!isJsonObject(found)) return undefined;
  const { certificate, privateKey } = found;
  return typeof certificate === 'string' && typeof privateKey === 'string'
    ? { certificate, privateKey }
    : undefined;
}
