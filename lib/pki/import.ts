import { X509Certificate } from 'node:crypto';
import { EgizError } from '../errors/egiz-error';
import { isNamed, type KeyPair, pemCertificates } from './certificates';
import { checkPair } from './pair-files';

/**
 * Checks files another authority made for the server, e.g. Let's Encrypt's fullchain.pem and privkey.pem.
 * @param hosts names the server must answer to
 * @throws EgizError `PKI_PAIR_MISMATCH`, `PKI_PAIR_UNREADABLE`, `PKI_CHAIN_BROKEN`, `PKI_EXPIRED`,
 *   `PKI_WRONG_PURPOSE`, `PKI_WRONG_NAME`
 */
export function checkServerPair(pair: KeyPair, hosts: readonly string[], now: Date): void {
  checkPair(pair);
  const chain = pemCertificates(pair.certificate).map((pem) => new X509Certificate(pem));
  const [leaf] = chain;
  if (leaf === undefined) throw new EgizError('PKI_PAIR_UNREADABLE', 'There is no certificate in the file');
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer !== undefined && !isIssuedBy(certificate, issuer)) throw brokenChain(index + 1);
    requireInForce(certificate, now);
  }
  // Usages are absent where any is allowed.
  if (leaf.ca || (leaf.keyUsage !== undefined && !leaf.keyUsage.includes(SERVER_AUTH))) {
    throw new EgizError('PKI_WRONG_PURPOSE', 'The certificate is not one for servers', {
      mend: 'Name fullchain.pem, in which the own certificate comes first.',
    });
  }
  const missing = hosts.find((host) => !isNamed(pair.certificate, host));
  if (missing === undefined) return;
  throw new EgizError(
    'PKI_WRONG_NAME',
    `The certificate is not for ${missing}, but for ${leaf.subjectAltName}`,
    {
      id: missing,
      mend: 'Have one made with that name, or correct --host.',
    },
  );
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function requireInForce(certificate: X509Certificate, now: Date): void {
  const { subject, validFrom, validTo } = certificate;
  if (Date.parse(validFrom) <= now.getTime() && now.getTime() < Date.parse(validTo)) return;
  throw new EgizError('PKI_EXPIRED', `${subject} is valid from ${validFrom} to ${validTo}, and not now`, {
    mend: 'Name the files of the renewed certificate, and check the clock.',
  });
}

function brokenChain(position: number): EgizError {
  return new EgizError('PKI_CHAIN_BROKEN', `Certificate ${position} was not issued by the one behind it`, {
    mend: 'Name fullchain.pem: the own certificate, then its issuers in order.',
  });
}
