import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:tls';
import type { KeyPairFiles } from '../../lib/pki/pair-files';
import { LOOPBACK } from './ports';

const TIMEOUT_MS = 2_000;

/** Resolves when a TLS 1.3 handshake on the port succeeds and the certificate is the one expected. */
export function tlsAnswers(port: number, caFile: string, client?: KeyPairFiles): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: LOOPBACK,
      port,
      ca: readFileSync(caFile),
      minVersion: 'TLSv1.3',
      ...(client === undefined
        ? {}
        : { cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) }),
    });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`port ${port} does not answer`)));
    socket.once('secureConnect', () => {
      socket.end();
      resolve();
    });
    socket.on('error', reject);
  });
}

/** Resolves when the URL answers with one of the statuses. */
export function httpAnswers(url: string, statuses: readonly number[], caFile?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, agent: false } as const;
    const request = url.startsWith('https:')
      ? requestHttps(url, { ...options, ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }) })
      : requestHttp(url, options);
    request.once('response', (response) => {
      response.resume();
      if (statuses.includes(response.statusCode ?? 0)) resolve();
      else reject(new Error(`${url} answered ${response.statusCode}`));
    });
    request.once('timeout', () => request.destroy(new Error(`${url} does not answer`)));
    request.on('error', reject);
    request.end();
  });
}
