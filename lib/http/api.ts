import { createHash } from 'node:crypto';
import type { Acceptance, ConfigurationOrder } from '../commands/accept';
import { parseConfigurationRequest } from '../commands/request';
import type { ConfigurationService } from '../commands/service';
import { EgizError } from '../errors/egiz-error';
import { commandView } from '../fleet/views';
import { canonicalJson } from '../json/canonical';
import type { JsonObject, JsonValue } from '../json/json';
import { checkJson, parseJson } from '../json/parse';
import type { ClientRef } from '../topics/clients';
import { isIdentifier, parseIdentifier } from '../topics/identifiers';
import type { Auth } from './auth';
import type { HttpResponse } from './problem';
import { etag, parseIfMatch } from './status';

/** An HTTP request as the nodes get it, whoever parsed it. */
export interface ApiRequest {
  readonly auth: Auth;
  readonly clientId: unknown;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** The raw body, or what a body parser made of it. */
  readonly body: unknown;
}

/** A body larger than this is refused before it is parsed. */
export const MAX_BODY_BYTES = 256 * 1024;
/** The envelope around `settings` adds one level. */
const MAX_BODY_DEPTH = 64;

/**
 * `POST /api/v1/clients/{clientId}/config` (SPEC 3).
 * @throws EgizError with the codes of `lib/http/status.ts`
 */
export async function pushConfiguration(
  service: ConfigurationService,
  request: ApiRequest,
): Promise<HttpResponse> {
  const ref = clientOf(request);
  const body = parseBody(request);
  const ifMatch = parseIfMatch(headerText(request.headers, 'if-match'));
  const trace = traceContext(request.headers);
  const order: ConfigurationOrder = {
    ref,
    request: parseConfigurationRequest(body),
    actor: request.auth.subject,
    ...trace,
    ...(ifMatch === undefined ? {} : { ifMatch }),
  };
  const key = idempotencyKey(request.headers);
  const result = await service.push(
    order,
    key === undefined ? undefined : { key, fingerprint: fingerprint(ref, body), render: acceptanceResponse },
  );
  if (result.kind === 'new') return acceptanceResponse(result.acceptance);
  return { ...result.answer, headers: { ...result.answer.headers, 'idempotent-replayed': 'true' } };
}

/** `POST /api/v1/clients/{clientId}/commands/{commandId}/cancel`. */
export async function cancelCommand(
  service: ConfigurationService,
  request: Pick<ApiRequest, 'auth' | 'clientId'> & { readonly commandId: unknown },
): Promise<HttpResponse> {
  const ref = clientOf(request);
  const command = await service.cancel(ref, String(request.commandId), request.auth.subject);
  return { status: 200, headers: jsonHeaders(), body: commandView(command) };
}

/**
 * The client of the caller's own tenant. An id that no client can have is answered like one that none has.
 * @throws EgizError `CLIENT_UNKNOWN`
 */
export function clientOf({ auth, clientId }: Pick<ApiRequest, 'auth' | 'clientId'>): ClientRef {
  // A board is a client too, and its id is as long as an account may be.
  if (isIdentifier('device', clientId))
    return { tenantId: parseIdentifier('tenant', auth.tenantId), clientId };
  const shown = JSON.stringify(String(clientId).slice(0, 80));
  throw new EgizError('CLIENT_UNKNOWN', `There is no client ${shown}`, {
    mend: 'A client id has 1 to 64 letters, digits, "_" or "-" and begins with a letter or digit.',
  });
}

function parseBody({ headers, body }: ApiRequest): JsonValue {
  const type = headerText(headers, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/json') {
    throw new EgizError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The body is ${JSON.stringify(type.slice(0, 80))}, not application/json`,
      {
        mend: 'Send JSON with "Content-Type: application/json".',
      },
    );
  }
  if (Buffer.isBuffer(body) || typeof body === 'string') {
    return parseJson(body, { maxBytes: MAX_BODY_BYTES, maxDepth: MAX_BODY_DEPTH });
  }
  if (body === undefined)
    throw new EgizError('JSON_SYNTAX', 'The request has no body', { mend: 'Send a JSON object.' });
  checkJson(body, MAX_BODY_DEPTH);
  return body;
}

/** A header's text, if it is there; a repeated header is not one of ours. */
export function headerText(headers: ApiRequest['headers'], name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** W3C trace context (a convention on MQTT, a standard on HTTP); a malformed one is dropped, as it says. */
function traceContext(headers: ApiRequest['headers']): { traceparent?: string; tracestate?: string } {
  const traceparent = headerText(headers, 'traceparent');
  if (traceparent === undefined || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent))
    return {};
  const tracestate = headerText(headers, 'tracestate');
  return tracestate === undefined || tracestate.length > 512 ? { traceparent } : { traceparent, tracestate };
}

function idempotencyKey(headers: ApiRequest['headers']): string | undefined {
  const key = headerText(headers, 'idempotency-key');
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new EgizError('INVALID_REQUEST', 'The Idempotency-Key is not valid', {
    mend: 'Use 1 to 255 visible ASCII characters, e.g. a UUID.',
    errors: [
      { pointer: '', rule: 'idempotency-key', message: 'must have 1 to 255 visible ASCII characters' },
    ],
  });
}

function fingerprint(ref: ClientRef, body: JsonValue): string {
  return createHash('sha256')
    .update(`${ref.tenantId}/${ref.clientId}\n${canonicalJson(body)}`)
    .digest('hex');
}

function acceptanceResponse(acceptance: Acceptance): HttpResponse {
  const { client } = acceptance;
  const common = { clientId: client.clientId, clientOnline: client.presence === 'online' };
  if (acceptance.kind === 'dry-run') return dryRunResponse(acceptance);
  const { command } = acceptance;
  if (acceptance.kind === 'unchanged') {
    const { revision, version, hash } = acceptance.revision;
    const body = { ...common, commandId: command.commandId, version, revision, hash, state: 'unchanged' };
    return { status: 200, headers: jsonHeaders({ etag: etag(revision) }), body };
  }
  const { commandId, revision, version, state } = command;
  const expiresAt = new Date(command.expiresAt).toISOString();
  return {
    status: 202,
    headers: jsonHeaders({ etag: etag(revision), location: commandPath(command) }),
    body: { ...common, commandId, version, revision, hash: acceptance.hash, state, expiresAt },
  };
}

function dryRunResponse(run: Extract<Acceptance, { kind: 'dry-run' }>): HttpResponse {
  const { client, version, schema, hash, bytes } = run;
  const body: JsonObject = {
    dryRun: true,
    clientId: client.clientId,
    clientOnline: client.presence === 'online',
    version,
    schema,
    baseRevision: client.desiredRevision,
    hash,
    bytes,
    diff: run.changes.map((change): JsonValue => ({ ...change })),
  };
  return { status: 200, headers: jsonHeaders({ etag: etag(client.desiredRevision) }), body };
}

/** The path of a command's resource. */
export function commandPath(command: { readonly clientId: string; readonly commandId: string }): string {
  return `/api/v1/clients/${command.clientId}/commands/${command.commandId}`;
}

/** Answers belong to one caller at one moment. */
export function jsonHeaders(headers: Record<string, string> = {}): Record<string, string> {
  return { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers };
}
