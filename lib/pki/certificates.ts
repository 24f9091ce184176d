import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { EgizError } from '../errors/egiz-error';
import * as x509 from './x509';

/** A certificate and its private key, both PEM; the key is unencrypted PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface Validity {
  readonly now: Date;
  readonly days: number;
}

/** What a leaf certificate is for. */
export type Subject =
  | {
      readonly kind: 'server';
      readonly commonName: string;
      /** DNS names and IP addresses it answers to. */ readonly hosts: readonly string[];
    }
  /** The account is the subject's CN, which the broker takes as the user name (SPEC 2). */
  | { readonly kind: 'client'; readonly account: string };

/** SEC-7: leaf certificates are rotated at 90 days. */
export const LEAF_DAYS = 90;
const AUTHORITY_DAYS = 3650;
const MAX_COMMON_NAME = 64;
const DAY_MS = 86_400_000;
/** Machines whose clocks differ by less than this can talk at once. */
const CLOCK_TOLERANCE_MS = 3_600_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * A certificate authority on EC P-256: self-signed, or signed by `issuer` (an intermediate that signs only leaves).
 */
export async function createAuthority(
  commonName: string,
  options: { readonly now: Date; readonly days?: number; readonly issuer?: KeyPair },
): Promise<KeyPair> {
  const { issuer, now, days = AUTHORITY_DAYS } = options;
  return sign(commonName, { now, days }, issuer, [
    new x509.BasicConstraintsExtension(true, issuer === undefined ? 1 : 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ]);
}

/** @throws EgizError `PKI_NAME_TOO_LONG` */
export async function issueCertificate(
  authority: KeyPair,
  subject: Subject,
  validity: { readonly now: Date; readonly days?: number },
): Promise<KeyPair> {
  const name = subject.kind === 'server' ? subject.commonName : subject.account;
  const usage =
    subject.kind === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([usage]),
  ];
  if (subject.kind === 'server') {
    const names = subject.hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const);
    extensions.push(new x509.SubjectAlternativeNameExtension(names));
  }
  return sign(name, { now: validity.now, days: validity.days ?? LEAF_DAYS }, authority, extensions);
}

/** How long the certificate still is valid, in days; negative when it has expired. */
export function daysLeft(certificate: string, now: Date): number {
  return (Date.parse(new X509Certificate(certificate).validTo) - now.getTime()) / DAY_MS;
}

/** True when `authority` signed `certificate` and the key belongs to it. */
export function isPairOf(authority: string, pair: KeyPair): boolean {
  const certificate = new X509Certificate(pair.certificate);
  return (
    certificate.verify(new X509Certificate(authority).publicKey) &&
    certificate.checkPrivateKey(createPrivateKey(pair.privateKey))
  );
}

/** True when a server with this certificate may answer for the DNS name or IP address. */
export function isNamed(certificate: string, host: string): boolean {
  const parsed = new X509Certificate(certificate);
  return (isIP(host) === 0 ? parsed.checkHost(host) : parsed.checkIP(host)) !== undefined;
}

async function sign(
  commonName: string,
  validity: Validity,
  issuer: KeyPair | undefined,
  extensions: x509.Extension[],
): Promise<KeyPair> {
  if (commonName.length > MAX_COMMON_NAME) {
    throw new EgizError('PKI_NAME_TOO_LONG', `The name "${commonName}" is longer than a certificate allows`, {
      id: commonName,
      mend: `Use at most ${MAX_COMMON_NAME} characters (X.509 common name).`,
    });
  }
  const keys = await generateKeys();
  const parent = issuer === undefined ? undefined : new x509.X509Certificate(issuer.certificate);
  const subject = new x509.Name([{ CN: [commonName] }]);
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: parent === undefined ? subject : parent.subjectName,
    notBefore: new Date(validity.now.getTime() - CLOCK_TOLERANCE_MS),
    notAfter: new Date(validity.now.getTime() + validity.days * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: issuer === undefined ? keys.privateKey : await importKey(issuer.privateKey),
    signingAlgorithm: ALGORITHM,
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(parent ?? keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, privateKey: await exportKey(keys.privateKey) };
}

/** The library speaks of the browser's key type, which lacks the newest usages of Node's. */
async function generateKeys(): Promise<CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  return keys as CryptoKeyPair;
}

async function exportKey(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

async function importKey(pem: string): Promise<CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  const key = await webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), ALGORITHM, false, ['sign']);
  return key as CryptoKey;
}
