import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { rewriteFileAtomic } from '../files/atomic';
import { AUTHORITIES, type AuthorityName, readAuthority } from './authorities';
import { type KeyPair, pemCertificates } from './certificates';
import { ALGORITHM, importKey } from './keys';
import type { CertificateRegister, IssuedCertificate, RevocationReason } from './register';
import * as x509 from './x509';

/**
 * A broker with a list that has run out refuses every certificate. The list comes from the same machine as the
 * broker's other files and is made anew whenever something is revoked, so a long life costs nothing.
 */
export const CRL_DAYS = 365;
const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
const CLOCK_TOLERANCE_MS = 3_600_000;

export function crlFile(directory: string, authority: AuthorityName): string {
  return join(directory, `${authority}.crl`);
}

/**
 * Writes the revocation lists of both authorities from the register.
 * @returns the files
 * @throws EgizError `PKI_MISSING`, `PKI_KEY_MISSING`
 */
export async function writeRevocationLists(
  directory: string,
  register: CertificateRegister,
  options: { readonly now: Date; readonly days?: number | undefined },
): Promise<string[]> {
  const files: string[] = [];
  for (const authority of AUTHORITIES) {
    const file = crlFile(directory, authority);
    const before = readCrl(file)?.thisUpdate;
    const revoked = register.revoked.filter(({ issuer }) => issuer === authority);
    const crl = await createCrl(readAuthority(directory, authority), revoked, {
      thisUpdate: nextUpdateTime(options.now, before),
      nextUpdate: new Date(options.now.getTime() + (options.days ?? CRL_DAYS) * DAY_MS),
    });
    rewriteFileAtomic(file, crl, 0o644);
    files.push(file);
  }
  return files;
}

/**
 * Notes that certificates are revoked; `writeRevocationLists` then tells the world.
 * @param which an account's name (all its certificates) or the serial number of one
 * @returns those that were revoked now; empty when all were before
 * @throws EgizError `PKI_UNKNOWN_CERTIFICATE`
 */
export function revoke(
  register: CertificateRegister,
  which: string,
  reason: RevocationReason,
  now: Date,
): IssuedCertificate[] {
  const found = register.issued.filter(
    ({ name, serial, issuer }) => issuer !== 'imported' && (name === which || serial === which.toLowerCase()),
  );
  if (found.length === 0) {
    throw new EgizError('PKI_UNKNOWN_CERTIFICATE', `No certificate was issued to "${which}"`, {
      id: which,
      mend: 'Name an account or a serial number as openegiz pki list shows it.',
    });
  }
  const valid = found.filter(
    ({ serial, notAfter }) => !register.isRevoked(serial) && Date.parse(notAfter) > now.getTime(),
  );
  for (const certificate of valid) register.revoke(certificate, reason, now);
  return valid;
}

/** How long the list that runs out first is valid still; 0 when one is missing. */
export function crlDaysLeft(directory: string, now: Date): number {
  const ends = AUTHORITIES.map((name) => readCrl(crlFile(directory, name))?.nextUpdate?.getTime() ?? 0);
  return Math.max(0, (Math.min(...ends) - now.getTime()) / DAY_MS);
}

/** Undefined when there is none, or when it is no revocation list. */
export function readCrl(file: string): x509.X509Crl | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return new x509.X509Crl(new Uint8Array(fromPem(readFileSync(file, 'utf8'))));
  } catch {
    return undefined;
  }
}

/**
 * Of two lists of the same second OpenSSL goes on using the first, and one from the future counts for nothing:
 * lists are dated back, each a second behind the one before.
 */
function nextUpdateTime(now: Date, before: Date | undefined): Date {
  const usual = now.getTime() - CLOCK_TOLERANCE_MS;
  return new Date(before === undefined ? usual : Math.max(usual, before.getTime() + SECOND_MS));
}

async function createCrl(
  authority: KeyPair,
  revoked: readonly { readonly serial: string; readonly at: string; readonly reason: RevocationReason }[],
  dates: { readonly thisUpdate: Date; readonly nextUpdate: Date },
): Promise<string> {
  const issuer = new x509.X509Certificate(pemCertificates(authority.certificate)[0] ?? '');
  const crl = await x509.X509CrlGenerator.create({
    issuer: issuer.subjectName,
    ...dates,
    signingAlgorithm: ALGORITHM,
    signingKey: await importKey(authority.privateKey),
    entries: revoked.map(({ serial, at, reason }) => ({
      serialNumber: serial,
      revocationDate: new Date(at),
      reason: x509.X509CrlReason[reason],
    })),
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      new x509.Extension(CRL_NUMBER, false, derInteger(dates.thisUpdate.getTime())),
    ],
  });
  return toPem(Buffer.from(crl.rawData));
}

/** The library's own PEM has a label that OpenSSL does not know. */
function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN X509 CRL-----', ...lines, '-----END X509 CRL-----', ''].join('\n');
}

function fromPem(pem: string): Buffer {
  return Buffer.from(/-----BEGIN X509 CRL-----([^-]+)/.exec(pem)?.[1] ?? '', 'base64');
}

/** RFC 5280 section 5.2.3: rises from list to list. */
const CRL_NUMBER = '2.5.29.20';

/** A positive INTEGER of at most 7 bytes. */
function derInteger(value: number): Uint8Array<ArrayBuffer> {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const content = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return new Uint8Array([0x02, content.length, ...content]);
}
