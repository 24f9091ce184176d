import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_MODE, writeFileAtomic } from '../files/atomic';
import {
  createAuthority,
  daysLeft,
  isNamed,
  isPairOf,
  issueCertificate,
  type KeyPair,
  LEAF_DAYS,
} from './certificates';

/** The two files of a certificate. The key's has mode 0600. */
export interface KeyPairFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface DevelopmentPki {
  readonly caFile: string;
  readonly server: KeyPairFiles;
  /** By account. */
  readonly clients: ReadonlyMap<string, KeyPairFiles>;
}

/** Names a local server is reached by. */
export const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1'] as const;

/** A certificate with less than this left is issued anew when the directory is next looked after. */
const RENEW_BELOW_DAYS = LEAF_DAYS / 3;

/**
 * Looks after a directory with one authority, a server certificate and a certificate for each account: makes
 * what is missing, renews what is about to expire or another authority signed, keeps the rest. For development
 * and tests: the authority's key lies beside the certificates.
 */
export async function developmentPki(
  directory: string,
  options: { readonly accounts: readonly string[]; readonly hosts?: readonly string[]; readonly now?: Date },
): Promise<DevelopmentPki> {
  const now = options.now ?? new Date();
  const authorityFiles = pairFiles(directory, 'ca');
  const authority = await ensure(
    authorityFiles,
    (pair) => isPairOf(pair.certificate, pair) && daysLeft(pair.certificate, now) > LEAF_DAYS,
    () => createAuthority('OpenEgiz development CA', { now }),
  );
  const fresh = (pair: KeyPair) =>
    isPairOf(authority.certificate, pair) && daysLeft(pair.certificate, now) > RENEW_BELOW_DAYS;
  const hosts = [...new Set([...LOCAL_HOSTS, ...(options.hosts ?? [])])];
  const server = pairFiles(directory, 'server');
  const covers = (pair: KeyPair) => fresh(pair) && hosts.every((host) => isNamed(pair.certificate, host));
  await ensure(server, covers, () =>
    issueCertificate(authority, { kind: 'server', commonName: 'localhost', hosts }, { now }),
  );
  const clients = new Map<string, KeyPairFiles>();
  for (const account of options.accounts) {
    const files = pairFiles(join(directory, 'clients'), account);
    await ensure(files, fresh, () => issueCertificate(authority, { kind: 'client', account }, { now }));
    clients.set(account, files);
  }
  return { caFile: authorityFiles.certFile, server, clients };
}

export function pairFiles(directory: string, name: string): KeyPairFiles {
  return { certFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) };
}

/** The key first: a certificate without its key would leave a broker with no usable certificate. */
export function writePair(files: KeyPairFiles, pair: KeyPair): void {
  writeFileAtomic(files.keyFile, pair.privateKey, SECRET_MODE);
  writeFileAtomic(files.certFile, pair.certificate);
}

export function readPair(files: KeyPairFiles): KeyPair | undefined {
  if (!existsSync(files.certFile) || !existsSync(files.keyFile)) return undefined;
  return {
    certificate: readFileSync(files.certFile, 'utf8'),
    privateKey: readFileSync(files.keyFile, 'utf8'),
  };
}

async function ensure(
  files: KeyPairFiles,
  isGood: (pair: KeyPair) => boolean,
  make: () => Promise<KeyPair>,
): Promise<KeyPair> {
  const existing = readPair(files);
  if (existing !== undefined && holds(isGood, existing)) return existing;
  const pair = await make();
  writePair(files, pair);
  return pair;
}

/** A file that is no certificate at all is as bad as an expired one. */
function holds(isGood: (pair: KeyPair) => boolean, pair: KeyPair): boolean {
  try {
    return isGood(pair);
  } catch {
    return false;
  }
}
