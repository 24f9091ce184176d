import { EgizError } from '../errors/egiz-error';
import * as x509 from './x509';

/** A certificate request whose signature shows that its sender has the key. */
export interface CertificateRequest {
  /** The subject's CN: the account it asks for. */
  readonly account: string;
  readonly publicKey: x509.PublicKey;
}

/**
 * Reads a PKCS #10 request (RFC 2986). Of what it asks for only the name and the key are looked at: extensions and
 * further names are not taken over.
 * @throws EgizError `CSR_INVALID`, `CSR_KEY_UNSUITABLE`
 */
export async function readRequest(pem: string): Promise<CertificateRequest> {
  const request = parse(pem);
  const [account, ...more] = request.subjectName.getField('CN');
  if (account === undefined || more.length > 0) {
    throw invalid('its subject does not have exactly one common name', 'Make the common name the account.');
  }
  checkKey(request.publicKey, account);
  if (!(await verifies(request)))
    throw invalid('it is not signed with its own key', 'Make the request anew.');
  return { account, publicKey: request.publicKey };
}

function parse(pem: string): x509.Pkcs10CertificateRequest {
  try {
    return new x509.Pkcs10CertificateRequest(pem);
  } catch {
    throw invalid('it is not PKCS #10 in PEM', 'openssl req -new -key KEY -subj /CN=ACCOUNT makes one.');
  }
}

/** EC P-256, as everywhere (SPEC 4): a longer RSA key would make every handshake of the broker dearer. */
function checkKey({ algorithm }: x509.PublicKey, account: string): void {
  const { name, namedCurve } = algorithm as { name: string; namedCurve?: string };
  if (name === 'ECDSA' && namedCurve === 'P-256') return;
  throw new EgizError(
    'CSR_KEY_UNSUITABLE',
    `The request for "${account}" has a key of another kind than EC P-256`,
    {
      id: account,
      mend: 'Make one with: openssl ecparam -name prime256v1 -genkey -noout -out KEY',
    },
  );
}

async function verifies(request: x509.Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    return false;
  }
}

function invalid(fault: string, mend: string): EgizError {
  return new EgizError('CSR_INVALID', `The certificate request is refused: ${fault}`, { mend });
}
