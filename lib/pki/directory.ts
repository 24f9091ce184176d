import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_MODE, writeFileAtomic, writeFileQuickly } from '../files/atomic';
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
  /** Signs the server, and clients and devices. */
  readonly caFile: string;
  /** Signs services only: no client's certificate opens the listener where client ids are free (SPEC 2). */
  readonly serviceCaFile: string;
  readonly server: KeyPairFiles;
  /** By account. */
  readonly clients: ReadonlyMap<string, KeyPairFiles>;
  readonly services: ReadonlyMap<string, KeyPairFiles>;
}

export interface DevelopmentPkiOptions {
  /** Accounts of clients and devices that log in with a certificate. */
  readonly clients?: readonly string[];
  /** Accounts of services. */
  readonly services?: readonly string[];
  /** Names the server answers to besides the local ones. */
  readonly hosts?: readonly string[];
  readonly now?: Date;
}

/** Names a local server is reached by. */
export const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1'] as const;

/** A certificate with less than this left is issued anew when the directory is next looked after. */
const RENEW_BELOW_DAYS = LEAF_DAYS / 3;

/**
 * Looks after a directory with an authority for clients and one for services, a server certificate and a
 * certificate for each account: makes what is missing, renews what is about to expire or another authority
 * signed, keeps the rest. For development and tests: the authorities' keys lie beside the certificates.
 */
export async function developmentPki(
  directory: string,
  options: DevelopmentPkiOptions,
): Promise<DevelopmentPki> {
  const now = options.now ?? new Date();
  const authority = await ensureAuthority(directory, 'ca', 'OpenEgiz development CA', now);
  const serviceAuthority = await ensureAuthority(
    directory,
    'services-ca',
    'OpenEgiz development services CA',
    now,
  );
  return {
    caFile: pairFiles(directory, 'ca').certFile,
    serviceCaFile: pairFiles(directory, 'services-ca').certFile,
    server: await ensureServer(directory, authority, options.hosts ?? [], now),
    clients: await ensureAccounts(join(directory, 'clients'), authority, options.clients ?? [], now),
    services: await ensureAccounts(
      join(directory, 'services'),
      serviceAuthority,
      options.services ?? [],
      now,
    ),
  };
}

function ensureAuthority(directory: string, name: string, commonName: string, now: Date): Promise<KeyPair> {
  return ensure(
    pairFiles(directory, name),
    (pair) => isPairOf(pair.certificate, pair) && daysLeft(pair.certificate, now) > LEAF_DAYS,
    () => createAuthority(commonName, { now }),
  );
}

async function ensureServer(
  directory: string,
  authority: KeyPair,
  extraHosts: readonly string[],
  now: Date,
): Promise<KeyPairFiles> {
  const files = pairFiles(directory, 'server');
  const hosts = [...new Set([...LOCAL_HOSTS, ...extraHosts])];
  await ensure(
    files,
    (pair) => isFresh(authority, pair, now) && hosts.every((host) => isNamed(pair.certificate, host)),
    () => issueCertificate(authority, { kind: 'server', commonName: 'localhost', hosts }, { now }),
  );
  return files;
}

async function ensureAccounts(
  directory: string,
  authority: KeyPair,
  accounts: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, KeyPairFiles>> {
  const issued = new Map<string, KeyPairFiles>();
  for (const account of accounts) {
    const files = pairFiles(directory, account);
    await ensure(
      files,
      (pair) => isFresh(authority, pair, now),
      () => issueCertificate(authority, { kind: 'client', account }, { now }),
      // There may be thousands, and one that a power cut damages is made anew.
      writeFileQuickly,
    );
    issued.set(account, files);
  }
  return issued;
}

function isFresh(authority: KeyPair, pair: KeyPair, now: Date): boolean {
  return isPairOf(authority.certificate, pair) && daysLeft(pair.certificate, now) > RENEW_BELOW_DAYS;
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

async function ensure(
  files: KeyPairFiles,
  isGood: (pair: KeyPair) => boolean,
  make: () => Promise<KeyPair>,
  write = writeFileAtomic,
): Promise<KeyPair> {
  const existing = readPair(files);
  if (existing !== undefined && holds(isGood, existing)) return existing;
  const pair = await make();
  writePair(files, pair, write);
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
