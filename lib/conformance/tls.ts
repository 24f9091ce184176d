import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { causeOfError } from '../mqtt/reasons';
import { daysLeft } from '../pki/certificates';
import { type Endpoint, tlsOf } from './account';
import type { CheckContext } from './context';
import { fail, type Outcome, pass, type Requirement } from './requirement';

/** NFR-6. */
const HANDSHAKE_LIMIT_MS = 500;
const HANDSHAKES = 5;
const TIMEOUT_MS = 10_000;

interface Handshake {
  readonly ms: number;
  readonly protocol: string | null;
  /** PEM of the broker's certificate. */
  readonly certificate: string;
}

export const TLS_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'FR-2.1',
    title: 'The broker proves itself by a certificate that is valid for its name',
    run: certificate,
  },
  { id: 'SEC-1', title: 'TLS 1.3 is spoken, TLS 1.2 and older are refused', run: onlyTls13 },
  { id: 'NFR-6', title: `The TLS handshake takes less than ${HANDSHAKE_LIMIT_MS} ms`, run: handshakeTime },
];

async function certificate(check: CheckContext): Promise<Outcome> {
  const left: number[] = [];
  for (const endpoint of check.endpoints()) {
    if (!endpoint.secure) return fail(PLAIN(endpoint));
    const shaken = await handshake(check, endpoint, {});
    if (typeof shaken === 'string') return fail(`${endpoint.url}: ${shaken}`);
    left.push(daysLeft(shaken.certificate, new Date()));
  }
  return pass(`the name is right, the authority is trusted, ${Math.floor(Math.min(...left))} days are left`);
}

async function onlyTls13(check: CheckContext): Promise<Outcome> {
  for (const endpoint of check.endpoints()) {
    if (!endpoint.secure) return fail(PLAIN(endpoint));
    const modern = await handshake(check, endpoint, { minVersion: 'TLSv1.3' });
    if (typeof modern === 'string') return fail(`${endpoint.url} does not speak TLS 1.3: ${modern}`);
    for (const version of ['TLSv1.2', 'TLSv1.1'] as const) {
      const old = await handshake(check, endpoint, {
        minVersion: 'TLSv1',
        maxVersion: version,
        // Without this our own side would refuse TLS 1.1 before the broker is asked.
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      if (typeof old !== 'string') return fail(`${endpoint.url} accepts ${old.protocol}`);
    }
  }
  return pass('TLS 1.3 is negotiated, a client of TLS 1.2 or 1.1 gets an alert');
}

async function handshakeTime(check: CheckContext): Promise<Outcome> {
  const times: number[] = [];
  const endpoint = check.options.endpoint;
  if (!endpoint.secure) return fail(PLAIN(endpoint));
  for (let round = 0; round < HANDSHAKES; round++) {
    const shaken = await handshake(check, endpoint, {});
    if (typeof shaken === 'string') return fail(shaken);
    times.push(shaken.ms);
  }
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  const said = `median ${median.toFixed(0)} ms of ${HANDSHAKES}, the network's way included`;
  return median < HANDSHAKE_LIMIT_MS ? pass(said) : fail(said);
}

function PLAIN({ url }: Endpoint): string {
  return `${url} is not encrypted at all`;
}

/** One handshake, or the reason why there was none. */
function handshake(
  check: CheckContext,
  endpoint: Endpoint,
  options: ConnectionOptions,
): Promise<Handshake | string> {
  const { host, port } = endpoint;
  const start = performance.now();
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({
      ...tlsOf(endpoint, check.loginAt(endpoint)),
      ...options,
      host,
      port,
    });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer to the handshake')));
    socket.once('secureConnect', () => {
      const ms = performance.now() - start;
      const der = socket.getPeerX509Certificate()?.toString() ?? '';
      resolve({ ms, protocol: socket.getProtocol(), certificate: der });
      socket.destroy();
    });
    socket.on('error', (error) => resolve(causeOfError(error, `${host}:${port}`).reason));
    socket.once('close', () => resolve('the connection was closed during the handshake'));
  });
}
