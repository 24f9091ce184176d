import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { clientsOf, devicesOf, type Inventory } from '../inventory/inventory';
import { nearest } from '../inventory/nearest';
import { type AuthorityName, readAuthority } from './authorities';
import { certify, issueCertificate, type KeyPair, type Subject } from './certificates';
import { type KeyPairFiles, pairFiles } from './pair-files';
import type { CertificateRegister, HolderKind, IssuedCertificate } from './register';
import { readRequest } from './requests';

/** Whom a certificate is for. */
export type Holder =
  | { readonly kind: 'server'; readonly hosts: readonly string[] }
  | { readonly kind: 'client' | 'service'; readonly account: string };

/** The name under which the server's certificate stands in the register and in its directory. */
export const SERVER = 'server';

export const SERVER_CERTIFICATE = { kind: 'server', name: SERVER } as const;

export interface Issuing {
  readonly directory: string;
  readonly register: CertificateRegister;
  readonly now: Date;
  readonly days?: number | undefined;
}

export function authorityOf(kind: HolderKind): AuthorityName {
  return kind === 'service' ? 'services-ca' : 'ca';
}

/** Where a holder's certificate and key are kept. */
export function filesOf(directory: string, holder: Pick<IssuedCertificate, 'kind' | 'name'>): KeyPairFiles {
  if (holder.kind === 'server') return pairFiles(directory, SERVER);
  return pairFiles(join(directory, `${holder.kind}s`), holder.name);
}

/**
 * Makes a key and a certificate and notes the certificate; what was issued before stays valid until its own end.
 * @throws EgizError `PKI_MISSING`, `PKI_KEY_MISSING`, `PKI_NAME_TOO_LONG`
 */
export async function issue(
  { directory, register, now, days }: Issuing,
  holder: Holder,
  authority: KeyPair = readAuthority(directory, authorityOf(holder.kind)),
): Promise<KeyPair> {
  const pair = await issueCertificate(authority, subjectOf(holder), validity(now, days));
  register.record(pair.certificate, recordOf(holder), now);
  return pair;
}

/**
 * Signs a certificate request for an account of the inventory that logs in with a certificate.
 * @returns the account, and PEM of the certificate followed by the intermediate's
 * @throws EgizError `CSR_INVALID`, `CSR_KEY_UNSUITABLE`, `PKI_UNKNOWN_ACCOUNT`, `PKI_PASSWORD_ACCOUNT`
 */
export async function signRequest(
  { directory, register, now, days }: Issuing,
  csr: string,
  inventory: Inventory,
): Promise<{ readonly account: string; readonly certificate: string }> {
  const { account, publicKey } = await readRequest(csr);
  const holder = holderOf(inventory, account);
  const authority = readAuthority(directory, authorityOf(holder.kind));
  const certificate = await certify(authority, subjectOf(holder), publicKey, validity(now, days));
  register.record(certificate, recordOf(holder), now);
  return { account, certificate };
}

/** Everybody in the inventory who logs in with a certificate. */
export function holdersOf(inventory: Inventory): Extract<Holder, { readonly account: string }>[] {
  const logins = [
    ...clientsOf(inventory).map(({ account, client: { login } }) => ({ account, login })),
    ...devicesOf(inventory).map(({ account, device: { login } }) => ({ account, login })),
  ];
  return [
    ...logins
      .filter(({ login }) => login === 'certificate')
      .map(({ account }) => ({ kind: 'client' as const, account })),
    ...inventory.services
      .filter(({ login }) => login === 'certificate')
      .map(({ id }) => ({ kind: 'service' as const, account: id })),
  ];
}

/**
 * The holder with this account.
 * @throws EgizError `PKI_UNKNOWN_ACCOUNT`, `PKI_PASSWORD_ACCOUNT`
 */
export function holderOf(inventory: Inventory, account: string): Extract<Holder, { account: string }> {
  const found = holdersOf(inventory).find((holder) => holder.account === account);
  if (found !== undefined) return found;
  const accounts = [...clientsOf(inventory), ...devicesOf(inventory)].map((entry) => entry.account);
  if (accounts.includes(account)) {
    throw new EgizError('PKI_PASSWORD_ACCOUNT', `The inventory lets "${account}" log in with a password`, {
      id: account,
      mend: 'Set "login: certificate" for it in the inventory.',
    });
  }
  const guess = nearest(account, [...accounts, ...inventory.services.map(({ id }) => id)]);
  throw new EgizError('PKI_UNKNOWN_ACCOUNT', `The inventory has no account "${account}"`, {
    id: account,
    mend: guess === undefined ? 'Add it to the inventory, or correct the name.' : `Did you mean "${guess}"?`,
  });
}

/** Whether a key is kept here; the holder of a signed request keeps its own. */
export function hasKey(directory: string, holder: Pick<IssuedCertificate, 'kind' | 'name'>): boolean {
  return existsSync(filesOf(directory, holder).keyFile);
}

function subjectOf(holder: Holder): Subject {
  if (holder.kind !== 'server') return { kind: 'client', account: holder.account };
  const { hosts } = holder;
  return { kind: 'server', commonName: commonNameFor(hosts), hosts };
}

/** Only the alternative names count; the common name is for people, and must be short. */
function commonNameFor(hosts: readonly string[]): string {
  return hosts.find((host) => host.length <= 64) ?? SERVER;
}

function recordOf(holder: Holder): Pick<IssuedCertificate, 'issuer' | 'kind' | 'name'> {
  const name = holder.kind === 'server' ? SERVER : holder.account;
  return { issuer: authorityOf(holder.kind), kind: holder.kind, name };
}

function validity(now: Date, days: number | undefined): { readonly now: Date; readonly days?: number } {
  return days === undefined ? { now } : { now, days };
}
