import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomic, writeFileQuickly } from '../files/atomic';
import { type AuthorityName, readAuthority, rootFiles } from './authorities';
import {
  commonNameOf,
  createAuthority,
  daysLeft,
  isNamed,
  isPairOf,
  type KeyPair,
  LEAF_DAYS,
} from './certificates';
import { authorityOf, filesOf, type Holder, issue, SERVER } from './enrol';
import { type KeyPairFiles, pairFiles, readPair, recoverPair, writePair } from './pair-files';
import { CertificateRegister, serialOf } from './register';
import { crlFile, writeRevocationLists } from './revocation';

export interface DevelopmentPki {
  /** Signs the server, and clients and devices. */
  readonly caFile: string;
  /** Signs services only: no client's certificate opens the listener where client ids are free (SPEC 2). */
  readonly serviceCaFile: string;
  /** What each of them has revoked. */
  readonly crlFile: string;
  readonly serviceCrlFile: string;
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
  const register = new CertificateRegister(directory, { durable: false });
  const care = new Care(directory, register, now);
  const authority = await care.authority('ca', DEVELOPMENT_CA);
  const serviceAuthority = await care.authority('services-ca', 'OpenEgiz development services CA');
  const server = await care.server(authority, options.hosts ?? []);
  const clients = await care.accounts('client', authority, options.clients ?? []);
  const services = await care.accounts('service', serviceAuthority, options.services ?? []);
  await writeRevocationLists(directory, register, { now });
  return {
    caFile: pairFiles(directory, 'ca').certFile,
    serviceCaFile: pairFiles(directory, 'services-ca').certFile,
    crlFile: crlFile(directory, 'ca'),
    serviceCrlFile: crlFile(directory, 'services-ca'),
    server,
    clients,
    services,
  };
}

const DEVELOPMENT_CA = 'OpenEgiz development CA';

/** True for a directory that `developmentPki` looks after, and would put its own certificates back in. */
export function isDevelopmentPki(directory: string): boolean {
  const { certFile } = pairFiles(directory, 'ca');
  return existsSync(certFile) && commonNameOf(readFileSync(certFile, 'utf8')) === DEVELOPMENT_CA;
}

class Care {
  constructor(
    private readonly directory: string,
    private readonly register: CertificateRegister,
    private readonly now: Date,
  ) {}

  async authority(name: AuthorityName, commonName: string): Promise<KeyPair> {
    // One that an owner has made is used, and never replaced: what it has signed is in the world.
    if (existsSync(rootFiles(this.directory, name).certFile)) return readAuthority(this.directory, name);
    return ensure(
      pairFiles(this.directory, name),
      (pair) => isPairOf(pair.certificate, pair) && daysLeft(pair.certificate, this.now) > LEAF_DAYS,
      () => createAuthority(commonName, { now: this.now }),
    );
  }

  async server(authority: KeyPair, extraHosts: readonly string[]): Promise<KeyPairFiles> {
    const hosts = [...new Set([...LOCAL_HOSTS, ...extraHosts])];
    return this.leaf({ kind: 'server', hosts }, SERVER, authority, (certificate) =>
      hosts.every((host) => isNamed(certificate, host)),
    );
  }

  async accounts(
    kind: 'client' | 'service',
    authority: KeyPair,
    accounts: readonly string[],
  ): Promise<ReadonlyMap<string, KeyPairFiles>> {
    const issued = new Map<string, KeyPairFiles>();
    for (const account of accounts) {
      issued.set(account, await this.leaf({ kind, account }, account, authority));
    }
    return issued;
  }

  private async leaf(
    holder: Holder,
    name: string,
    authority: KeyPair,
    fits: (certificate: string) => boolean = () => true,
  ): Promise<KeyPairFiles> {
    const { directory, register, now } = this;
    const files = filesOf(directory, { kind: holder.kind, name });
    recoverPair(files);
    const { certificate } = await ensure(
      files,
      (pair) => this.isFresh(authority, pair) && fits(pair.certificate),
      () => issue({ directory, register, now }, holder, authority),
      // There may be thousands of accounts, and what a power cut damages is made anew.
      holder.kind === 'server' ? writeFileAtomic : writeFileQuickly,
    );
    // One from before there was a register could not be revoked.
    if (!register.knows(serialOf(certificate))) {
      register.record(certificate, { issuer: authorityOf(holder.kind), kind: holder.kind, name }, now);
    }
    return files;
  }

  private isFresh(authority: KeyPair, pair: KeyPair): boolean {
    return (
      isPairOf(authority.certificate, pair) &&
      daysLeft(pair.certificate, this.now) > RENEW_BELOW_DAYS &&
      !this.register.isRevoked(serialOf(pair.certificate))
    );
  }
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
