import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from './registry';

export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

export interface MetricsAddress {
  /** Without TLS and login: the loopback address, or one that only the scraper's network reaches. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/**
 * Serves `/metrics` in Prometheus' text format.
 * @throws the system's error, e.g. `EADDRINUSE`
 */
export async function serveMetrics(registry: Registry, address: MetricsAddress): Promise<MetricsServer> {
  const server = createServer((request, response) => void answer(registry, request, response));
  server.listen(address.port, address.host);
  await once(server, 'listening');
  // Metrics alone are no reason for a process to stay.
  server.unref();
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}/metrics`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(registry: Registry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url?.split('?')[0] !== '/metrics') return end(response, 404, 'Not found: see /metrics\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return end(response, 405, 'Use GET\n');
  }
  try {
    const text = await registry.metrics();
    response.setHeader('Content-Type', registry.contentType);
    end(response, 200, text);
  } catch (fault) {
    end(response, 500, `The metrics cannot be read: ${fault}\n`);
  }
}

function end(response: ServerResponse, status: number, text: string): void {
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.writeHead(status).end(text);
}
