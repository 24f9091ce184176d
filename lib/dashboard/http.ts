import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** The part of an Express request that the guard uses. */
export interface PageRequest extends IncomingMessage {
  /** Where the dashboard is mounted; empty on a route of its own. */
  readonly baseUrl: string;
  /** The path below `baseUrl`. */
  readonly path: string;
  user?: unknown;
}

export type Next = (fault?: Error) => void;

/** Long enough for a form with a name and a password. */
const MAX_FORM_BYTES = 8 * 1024;

/** True for a request from one of our own pages: no Origin (an old browser, a program), or this host. */
export function isSameOrigin({ origin, host }: IncomingHttpHeaders): boolean {
  if (origin === undefined) return true;
  return host !== undefined && URL.parse(origin)?.host === host.toLowerCase();
}

export function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [key, ...value] = pair.trim().split('=');
    if (key === name) return value.join('=');
  }
  return undefined;
}

/** The address the request came from; behind a proxy the one that the proxy added, not one the caller invented. */
export function callerOf(request: IncomingMessage, behindProxy: boolean): string {
  const forwarded = [request.headers['x-forwarded-for'] ?? ''].flat().join(',').split(',').at(-1)?.trim();
  return (behindProxy && forwarded) || (request.socket.remoteAddress ?? '');
}

/** The fields of a posted form, or undefined when it is too long. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_FORM_BYTES) return undefined;
    parts.push(part);
  }
  return new URLSearchParams(Buffer.concat(parts).toString('utf8'));
}

/** Headers that keep our pages out of foreign frames and their addresses to themselves. */
export function setSecurityHeaders(response: ServerResponse, secure: boolean): void {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'same-origin');
  response.setHeader('content-security-policy', "frame-ancestors 'self'");
  if (secure) response.setHeader('strict-transport-security', 'max-age=31536000');
}

export function redirect(response: ServerResponse, location: string): void {
  response.statusCode = 303;
  response.setHeader('location', location);
  response.setHeader('cache-control', 'no-store');
  response.end();
}

export function answer(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  response.end(`${text}\n`);
}
