import { EgizError } from '../errors/egiz-error';
import type { KeyPair } from './certificates';
import { hostsOf } from './certificates';
import { filesOf, type Holder, hasKey, type Issuing, issue, SERVER } from './enrol';
import { expiring, listCertificates } from './listing';
import { type KeyPairFiles, readPair } from './pair-files';
import type { IssuedCertificate } from './register';

/** A new certificate with a new key, not yet in place; the one before stays valid until its own end. */
export interface Renewal {
  readonly name: string;
  readonly kind: IssuedCertificate['kind'];
  readonly files: KeyPairFiles;
  readonly pair: KeyPair;
}

/** Those whose time has come, and those among them whose holders have to send a request. */
export interface DueRenewals {
  readonly due: readonly IssuedCertificate[];
  /** Their keys are not here: the holder, or another authority, has them. */
  readonly elsewhere: readonly string[];
}

/** @param days renewed is what runs out within so many */
export function dueRenewals({ directory, register, now }: Issuing, days: number): DueRenewals {
  const serials = new Set(
    expiring(listCertificates(directory, register, now), days).map(({ serial }) => serial),
  );
  const entries = register.issued.filter(({ serial }) => serials.has(serial));
  const isHere = (entry: IssuedCertificate) => entry.issuer !== 'imported' && hasKey(directory, entry);
  return {
    due: entries.filter(isHere),
    elsewhere: entries.filter((entry) => !isHere(entry)).map(({ name }) => name),
  };
}

/**
 * The latest certificate of an account, or of the server.
 * @throws EgizError `PKI_UNKNOWN_CERTIFICATE`, `PKI_KEY_ELSEWHERE`
 */
export function latestOf({ directory, register }: Issuing, name: string): IssuedCertificate {
  const found = register.issued.findLast((entry) => entry.name === name);
  if (found === undefined) {
    throw new EgizError('PKI_UNKNOWN_CERTIFICATE', `No certificate was issued to "${name}"`, {
      id: name,
      mend: 'Make its first one with openegiz pki issue.',
    });
  }
  if (found.issuer !== 'imported' && hasKey(directory, found)) return found;
  throw new EgizError('PKI_KEY_ELSEWHERE', `The key of "${name}" is not kept here`, {
    id: name,
    mend:
      found.issuer === 'imported'
        ? 'Import the files its authority has renewed: openegiz pki import.'
        : 'Have its holder send a new request, and sign it: openegiz pki sign.',
  });
}

/** @throws EgizError as `issue` */
export async function renew(issuing: Issuing, { kind, name }: IssuedCertificate): Promise<Renewal> {
  const files = filesOf(issuing.directory, { kind, name });
  const holder: Holder = kind === 'server' ? serverOf(files) : { kind, account: name };
  return { name, kind, files, pair: await issue(issuing, holder) };
}

/** The names it had. */
function serverOf(files: KeyPairFiles): Holder {
  const present = readPair(files);
  if (present !== undefined) return { kind: 'server', hosts: hostsOf(present.certificate) };
  throw new EgizError('PKI_UNKNOWN_CERTIFICATE', `There is no certificate at ${files.certFile}`, {
    id: files.certFile,
    mend: `Make it anew with openegiz pki issue ${SERVER} --host NAME.`,
  });
}
