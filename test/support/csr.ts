import { webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

export interface RequestOptions {
  readonly namedCurve?: string;
  /** Signed with another key than the one it is for. */
  readonly forged?: boolean;
  /** A second common name. */
  readonly second?: string;
}

/** A certificate request as a device makes one. */
export async function makeRequest(account: string, options: RequestOptions = {}): Promise<string> {
  const { namedCurve = 'P-256', forged = false, second } = options;
  const algorithm = { name: 'ECDSA', namedCurve, hash: 'SHA-256' };
  const generate = async () =>
    (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const [keys, others] = [await generate(), await generate()];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name([{ CN: [account] }, ...(second === undefined ? [] : [{ CN: [second] }])]),
    keys: forged ? { publicKey: keys.publicKey, privateKey: others.privateKey } : keys,
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}
