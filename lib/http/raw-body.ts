import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_BODY_BYTES } from './api';
import { problem } from './problem';

/** What Node-RED's body parsers look at to see that the body has been taken. */
type Request = IncomingMessage & {
  body?: unknown;
  _body?: boolean;
  skipRawBodyParser?: boolean;
};

/** The API's own writes, below its root. */
const WRITES = /^\/clients\/[^/]+\/(config|commands\/[^/]+\/cancel)\/?$/;

/**
 * Middleware that keeps the body of the API's writes as the bytes that came. The JSON parser of `http in`
 * would answer malformed JSON with a bare 500, and would turn `1e999` into Infinity, unseen.
 * @param root the full path of the API, e.g. `/api/v1`
 */
export function rawBody(root: string) {
  return (request: Request, response: ServerResponse, next: (error?: unknown) => void): void => {
    // Express has not touched the request yet: there is only the URL.
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const ours = request.method === 'POST' && path.startsWith(root) && WRITES.test(path.slice(root.length));
    if (!ours || request._body === true) {
      next();
      return;
    }
    collect(request).then((body) => {
      if (body === undefined) {
        refuse(request, response);
        return;
      }
      request.body = body;
      request._body = true;
      request.skipRawBodyParser = true;
      next();
    }, next);
  };
}

/** The whole body, or undefined when it is too large; the rest of it is read and dropped. */
async function collect(request: Request): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else if (size > 8 * MAX_BODY_BYTES) return undefined;
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function refuse(request: Request, response: ServerResponse): void {
  const detail = `The body is larger than ${MAX_BODY_BYTES} bytes. Send a smaller one.`;
  const { status, headers, body } = problem(413, 'JSON_TOO_LARGE', detail);
  const complete = request.complete ? {} : { connection: 'close' };
  response.writeHead(status, { ...headers, ...complete }).end(JSON.stringify(body));
}
