import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { EgizError } from '../errors/egiz-error';
import { ALGORITHM, exportKey, generateKeys, importKey } from './keys';
import * as x509 from './x509';

/**
 * A certificate and its private key, both PEM; the key is unencrypted PKCS #8. Behind the certificate stand those
 * of its issuers, as far as whoever checks it may need them.
 */
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

/**
 * A certificate authority on EC P-256: self-signed, or signed by `issuer` (an intermediate that signs only leaves;
 * its certificate is followed by the issuer's). With `privateKey` an authority is renewed: what it has signed stays
 * valid.
 */
export async function createAuthority(
  commonName: string,
  options: {
    readonly now: Date;
    readonly days?: number;
    readonly issuer?: KeyPair;
    readonly privateKey?: string;
  },
): Promise<KeyPair> {
  const { issuer, now, days = AUTHORITY_DAYS } = options;
  const keys = options.privateKey === undefined ? await newKeys() : await keysOf(options.privateKey);
  const certificate = await sign(commonName, { now, days }, keys, issuer, [
    new x509.BasicConstraintsExtension(true, issuer === undefined ? 1 : 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ]);
  return { certificate: certificate + (issuer?.certificate ?? ''), privateKey: keys.privateKey };
}

/** @throws EgizError `PKI_NAME_TOO_LONG` */
export async function issueCertificate(
  authority: KeyPair,
  subject: Subject,
  validity: { readonly now: Date; readonly days?: number },
): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await certify(authority, subject, keys.publicKey, validity);
  return { certificate, privateKey: keys.privateKey };
}

/**
 * Signs a public key whose owner keeps the private one.
 * @returns the certificate, followed by the intermediate's
 * @throws EgizError `PKI_NAME_TOO_LONG`
 */
export async function certify(
  authority: KeyPair,
  subject: Subject,
  publicKey: PublicKey,
  validity: { readonly now: Date; readonly days?: number },
): Promise<string> {
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
  const days = { now: validity.now, days: validity.days ?? LEAF_DAYS };
  const certificate = await sign(name, days, { publicKey }, authority, extensions);
  return certificate + intermediatesOf(authority.certificate);
}

/** The certificates of a PEM file, in its order. */
export function pemCertificates(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => `${block}\n`);
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

/** The subject's CN; undefined when it has none, or more than one. */
export function commonNameOf(certificate: string): string | undefined {
  const names = new x509.X509Certificate(pemCertificates(certificate)[0] ?? '').subjectName.getField('CN');
  return names.length === 1 ? names[0] : undefined;
}

/** DNS names and IP addresses a server certificate answers to. */
export function hostsOf(certificate: string): string[] {
  const parsed = new x509.X509Certificate(pemCertificates(certificate)[0] ?? '');
  const names = parsed.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  return names.filter(({ type }) => type === 'dns' || type === 'ip').map(({ value }) => value);
}

/** Whoever checks has the root: sending it along would be for nothing. */
function intermediatesOf(chain: string): string {
  return pemCertificates(chain)
    .filter((certificate) => !isSelfSigned(certificate))
    .join('');
}

function isSelfSigned(certificate: string): boolean {
  const parsed = new X509Certificate(certificate);
  return parsed.checkIssued(parsed);
}

type PublicKey = x509.PublicKey | CryptoKey;

interface AuthorityKeys {
  readonly publicKey: PublicKey;
  /** PEM */
  readonly privateKey: string;
  readonly signingKey: CryptoKey;
}

async function newKeys(): Promise<AuthorityKeys> {
  const { publicKey, privateKey } = await generateKeys();
  return { publicKey, privateKey: await exportKey(privateKey), signingKey: privateKey };
}

async function keysOf(privateKey: string): Promise<AuthorityKeys> {
  const publicKey = new x509.PublicKey(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
  return { publicKey, privateKey, signingKey: await importKey(privateKey) };
}

/** @returns PEM of this one certificate */
async function sign(
  commonName: string,
  validity: Validity,
  keys: Pick<AuthorityKeys, 'publicKey'> & Partial<AuthorityKeys>,
  issuer: KeyPair | undefined,
  extensions: x509.Extension[],
): Promise<string> {
  if (commonName.length > MAX_COMMON_NAME) {
    throw new EgizError('PKI_NAME_TOO_LONG', `The name "${commonName}" is longer than a certificate allows`, {
      id: commonName,
      mend: `Use at most ${MAX_COMMON_NAME} characters (X.509 common name).`,
    });
  }
  const parent =
    issuer === undefined
      ? undefined
      : new x509.X509Certificate(pemCertificates(issuer.certificate)[0] ?? issuer.certificate);
  const signingKey = issuer === undefined ? keys.signingKey : await importKey(issuer.privateKey);
  if (signingKey === undefined)
    throw new EgizError('INTERNAL', 'A self-signed certificate needs its own key');
  const subject = new x509.Name([{ CN: [commonName] }]);
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: parent === undefined ? subject : parent.subjectName,
    notBefore: new Date(validity.now.getTime() - CLOCK_TOLERANCE_MS),
    notAfter: new Date(validity.now.getTime() + validity.days * DAY_MS),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(parent ?? keys.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}
