import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { AUTHORITIES, type AuthorityName, rootFiles } from './authorities';
import { pairFiles } from './pair-files';
import type { CertificateRegister, IssuedCertificate, Issuer } from './register';
import { crlFile, readCrl } from './revocation';

export type ListedKind = 'root' | 'authority' | 'revocation list' | IssuedCertificate['kind'];

export interface ListedCertificate {
  readonly name: string;
  readonly kind: ListedKind;
  readonly issuer?: Issuer;
  readonly serial?: string;
  /** ISO 8601. */
  readonly notAfter: string;
  /** Negative when it has run out. */
  readonly daysLeft: number;
  /** `replaced`: still valid, but a later one was issued to the same holder. */
  readonly state: 'valid' | 'replaced' | 'revoked' | 'expired';
}

const DAY_MS = 86_400_000;

/** Authorities, revocation lists and every certificate that was issued, the one that runs out first at the head. */
export function listCertificates(
  directory: string,
  register: CertificateRegister,
  now: Date,
): ListedCertificate[] {
  const listed = [
    ...AUTHORITIES.flatMap((authority) => ownOf(directory, authority, now)),
    ...issuedOf(register, now),
  ];
  return listed.sort((a, b) => a.daysLeft - b.daysLeft);
}

/** What runs out within so many days, or has, and nothing has taken its place. */
export function expiring(listed: readonly ListedCertificate[], days: number): ListedCertificate[] {
  return listed.filter(
    ({ state, daysLeft }) => (state === 'valid' || state === 'expired') && daysLeft < days,
  );
}

/** One line for a person; undefined when nothing runs out so soon. */
export function expiryWarning(listed: readonly ListedCertificate[], days: number): string | undefined {
  const [first, ...more] = expiring(listed, days);
  if (first === undefined) return undefined;
  const others = more.length === 0 ? '' : `, and ${more.length} more within ${days} days`;
  return `${describe(first)}${others} (openegiz pki list)`;
}

function describe({ name, kind, daysLeft }: ListedCertificate): string {
  const what = kind === 'server' || kind === 'root' ? `The ${kind} certificate` : `The ${kind} "${name}"`;
  const days = Math.floor(Math.abs(daysLeft));
  return daysLeft < 0
    ? `${what} expired ${days} days ago`
    : `${what} expires in ${days} ${days === 1 ? 'day' : 'days'}`;
}

function ownOf(directory: string, authority: AuthorityName, now: Date): ListedCertificate[] {
  const root = rootFiles(directory, authority).certFile;
  const own = pairFiles(directory, authority).certFile;
  const crl = readCrl(crlFile(directory, authority))?.nextUpdate;
  const certificates = [
    { kind: 'root' as const, file: root },
    { kind: 'authority' as const, file: own },
  ].flatMap(({ kind, file }) => (existsSync(file) ? [{ kind, ends: endOf(file) }] : []));
  return [
    ...certificates,
    ...(crl === undefined ? [] : [{ kind: 'revocation list' as const, ends: crl }]),
  ].map(({ kind, ends }) => ({ name: authority, kind, ...until(ends, now, 'valid') }));
}

function endOf(certFile: string): Date {
  return new Date(new X509Certificate(readFileSync(certFile)).validTo);
}

function issuedOf(register: CertificateRegister, now: Date): ListedCertificate[] {
  const latest = new Map(register.issued.map((entry) => [holderKey(entry), entry.serial]));
  return register.issued.map((entry) => {
    const { name, kind, issuer, serial, notAfter } = entry;
    const replaced = latest.get(holderKey(entry)) !== serial;
    const state = register.isRevoked(serial) ? 'revoked' : replaced ? 'replaced' : 'valid';
    return { name, kind, issuer, serial, ...until(new Date(notAfter), now, state) };
  });
}

function holderKey({ kind, name }: IssuedCertificate): string {
  return `${kind} ${name}`;
}

function until(ends: Date, now: Date, state: ListedCertificate['state']) {
  const daysLeft = (ends.getTime() - now.getTime()) / DAY_MS;
  return {
    notAfter: ends.toISOString(),
    daysLeft: Math.floor(daysLeft * 10) / 10,
    state: state === 'valid' && daysLeft < 0 ? ('expired' as const) : state,
  };
}
