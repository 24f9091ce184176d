import { createPrivateKey, webcrypto } from 'node:crypto';
import { EgizError } from '../errors/egiz-error';

/** EC P-256 everywhere: the smallest handshakes, and what every board's chip can do. */
export const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** The X.509 library speaks of the browser's key type, which lacks the newest usages of Node's. */
export async function generateKeys(): Promise<CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  return keys as CryptoKeyPair;
}

/** PEM, unencrypted PKCS #8. */
export async function exportKey(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

/** @throws EgizError `PKI_KEY_UNUSABLE` for a key that is not EC P-256 */
export async function importKey(pem: string): Promise<CryptoKey> {
  try {
    const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
    const key = await webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), ALGORITHM, false, ['sign']);
    return key as CryptoKey;
  } catch {
    throw new EgizError('PKI_KEY_UNUSABLE', "The authority's key is not an unencrypted EC P-256 key", {
      mend: 'Name the key file that openegiz pki init made.',
    });
  }
}
