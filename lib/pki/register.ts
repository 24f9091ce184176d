import { X509Certificate } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE_DIRECTORY_MODE, SECRET_MODE } from '../files/atomic';
import { isJsonObject } from '../json/json';

/** Who signed it: the authority of clients and of the server, that of services, or somebody else. */
export type Issuer = 'ca' | 'services-ca' | 'imported';
export type HolderKind = 'server' | 'client' | 'service';

export interface IssuedCertificate {
  /** Lower-case hexadecimal. */
  readonly serial: string;
  readonly issuer: Issuer;
  readonly kind: HolderKind;
  /** The account; `server` for the server's. */
  readonly name: string;
  readonly issuedAt: string;
  readonly notAfter: string;
}

export interface Revocation {
  readonly serial: string;
  readonly issuer: Issuer;
  readonly at: string;
  readonly reason: RevocationReason;
}

/** RFC 5280 section 5.3.1, those that make sense for a device. */
export const REVOCATION_REASONS = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

type Entry =
  | ({ readonly event: 'issued' } & IssuedCertificate)
  | ({ readonly event: 'revoked' } & Revocation);

/**
 * Every certificate that was ever issued from a directory and every revocation, a JSON line each, only ever added
 * to: what a revocation list is made from, and what tells how many days are left.
 */
export class CertificateRegister {
  readonly #file: string;
  readonly #durable: boolean;
  readonly #issued: IssuedCertificate[] = [];
  readonly #revoked = new Map<string, Revocation>();
  readonly #serials = new Set<string>();

  /** @param options.durable false: a power cut may lose the last entries, and thousands are written in no time */
  constructor(directory: string, options: { readonly durable?: boolean } = {}) {
    this.#durable = options.durable ?? true;
    this.#file = join(directory, 'register.jsonl');
    if (!existsSync(this.#file)) return;
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      const entry = parseEntry(line);
      if (entry !== undefined) this.#note(entry);
    }
  }

  /** In the order they were issued in. */
  get issued(): readonly IssuedCertificate[] {
    return this.#issued;
  }

  get revoked(): readonly Revocation[] {
    return [...this.#revoked.values()];
  }

  knows(serial: string): boolean {
    return this.#serials.has(serial);
  }

  isRevoked(serial: string): boolean {
    return this.#revoked.has(serial);
  }

  /** Before the certificate is given to anybody, so that none is in the world that cannot be revoked. */
  record(certificate: string, holder: Pick<IssuedCertificate, 'issuer' | 'kind' | 'name'>, now: Date): void {
    const notAfter = new Date(new X509Certificate(certificate).validTo).toISOString();
    this.#append({
      event: 'issued',
      serial: serialOf(certificate),
      ...holder,
      issuedAt: now.toISOString(),
      notAfter,
    });
  }

  revoke(certificate: IssuedCertificate, reason: RevocationReason, now: Date): void {
    const { serial, issuer } = certificate;
    this.#append({ event: 'revoked', serial, issuer, at: now.toISOString(), reason });
  }

  #append(entry: Entry): void {
    mkdirSync(join(this.#file, '..'), { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
    const file = openSync(this.#file, 'a', SECRET_MODE);
    try {
      // A line of its own even when the one before was cut off by a power cut.
      writeSync(file, `\n${JSON.stringify(entry)}\n`);
      if (this.#durable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.#note(entry);
  }

  #note(entry: Entry): void {
    if (entry.event === 'issued') {
      this.#issued.push(entry);
      this.#serials.add(entry.serial);
    } else this.#revoked.set(entry.serial, entry);
  }
}

/** Of the first certificate in the PEM, as the register has it. */
export function serialOf(certificate: string): string {
  return new X509Certificate(certificate).serialNumber.toLowerCase();
}

/** Undefined for an empty line and for one that was cut off. */
function parseEntry(line: string): Entry | undefined {
  try {
    const found: unknown = JSON.parse(line);
    return isJsonObject(found) && typeof found.serial === 'string' ? (found as unknown as Entry) : undefined;
  } catch {
    return undefined;
  }
}
