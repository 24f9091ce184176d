import { readAuthority } from '../pki/authorities';
import { issueCertificate, type KeyPair, LEAF_DAYS } from '../pki/certificates';
import { authorityOf, filesOf } from '../pki/enrol';
import { readPair } from '../pki/pair-files';
import { CertificateRegister, type HolderKind, serialOf } from '../pki/register';
import type { Account } from './account';

const DAY_MS = 86_400_000;

/**
 * A certificate for the account by the broker's own authority, run out long ago.
 * @param directory of `openegiz pki`
 * @throws EgizError `PKI_MISSING`, `PKI_KEY_MISSING`
 */
export function expiredCertificate(directory: string, account: Account): Promise<KeyPair> {
  const authority = readAuthority(directory, authorityOf(kindOf(account)));
  const now = new Date(Date.now() - 2 * LEAF_DAYS * DAY_MS);
  return issueCertificate(authority, { kind: 'client', account: account.name }, { now });
}

/** One that has been revoked and would be good otherwise, if the directory still has one with its key. */
export function revokedCertificate(directory: string, account: Account): KeyPair | undefined {
  const register = new CertificateRegister(directory);
  const kind = kindOf(account);
  for (const issued of register.issued) {
    const good = issued.kind === kind && Date.parse(issued.notAfter) > Date.now();
    const pair = good && register.isRevoked(issued.serial) ? readPair(filesOf(directory, issued)) : undefined;
    if (pair !== undefined && serialOf(pair.certificate) === issued.serial) return pair;
  }
  return undefined;
}

/** Services have an authority of their own. */
function kindOf({ role }: Account): HolderKind {
  return role === 'first' || role === 'second' ? 'client' : 'service';
}
