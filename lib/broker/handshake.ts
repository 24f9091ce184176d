import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { EgizError } from '../errors/egiz-error';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** @throws EgizError `ENDPOINT_INVALID` */
export function parseEndpoint(text: string): Endpoint {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) };
  throw new EgizError('ENDPOINT_INVALID', `${JSON.stringify(text)} is not HOST:PORT`, {
    mend: 'Write for example 127.0.0.1:8883.',
  });
}

/** @returns SHA-256, as `presentedFingerprint` gives it */
export function fingerprintOf(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256;
}

/**
 * Does a TLS 1.3 handshake to its end.
 * @returns SHA-256 of the certificate the server has shown, and has the key to
 * @throws EgizError `HANDSHAKE_FAILED`
 */
export function presentedFingerprint({ host, port }: Endpoint, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (why: string) => {
      socket.destroy();
      reject(
        new EgizError('HANDSHAKE_FAILED', `No TLS handshake with ${host}:${port}: ${why}`, {
          id: `${host}:${port}`,
          mend: 'See the log of the broker.',
        }),
      );
    };
    const socket = connect({
      host,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      minVersion: 'TLSv1.3',
      // The certificate itself is what is asked for; it is compared with the one that should be there.
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => failed(`no answer within ${timeoutMs} ms`), timeoutMs);
    socket.once('close', () => clearTimeout(timer));
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', (fault: NodeJS.ErrnoException) => failed(fault.code ?? fault.message));
    socket.once('end', () => failed('the connection was closed'));
  });
}
