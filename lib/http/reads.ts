import { EgizError } from '../errors/egiz-error';
import type { Fleet, Slice } from '../fleet/fleet';
import type { ClientFilter, Page, Presence } from '../store/store';
import { type ApiRequest, clientOf, jsonHeaders } from './api';
import { OPENAPI } from './openapi/document';
import type { HttpResponse } from './problem';
import type { Read } from './read-names';
import { etag } from './status';

export interface ReadRequest extends Pick<ApiRequest, 'auth' | 'clientId'> {
  readonly commandId?: unknown;
  readonly query: Readonly<Record<string, unknown>>;
  /** The request's own path, for the link to the next page. */
  readonly path: string;
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

type Handler = (fleet: Fleet, request: ReadRequest) => Promise<HttpResponse>;

const HANDLERS: Readonly<Record<Read, Handler>> = {
  async clients(fleet, request) {
    const page = pageOf<string>(request, String);
    return listed(request, await fleet.clients(filterOf(request), page));
  },
  async client(fleet, request) {
    const client = await fleet.client(clientOf(request));
    const { desired } = client as { desired: { revision: number } };
    return ok(client, desired.revision);
  },
  async configuration(fleet, request) {
    const asked = integerParameter(request, 'revision', 1, Number.MAX_SAFE_INTEGER);
    const configuration = await fleet.configuration(clientOf(request), asked);
    return ok(configuration, Number(configuration.revision));
  },
  async history(fleet, request) {
    return listed(request, await fleet.history(clientOf(request), pageOf(request, Number)));
  },
  async commands(fleet, request) {
    return listed(request, await fleet.commands(clientOf(request), pageOf(request, String)));
  },
  async command(fleet, request) {
    return ok(await fleet.command(clientOf(request), String(request.commandId)));
  },
  async counts(fleet, request) {
    const scope = request.clientId === undefined ? { tenantId: request.auth.tenantId } : clientOf(request);
    return ok(await fleet.counts(scope));
  },
  async tenants(fleet) {
    return ok({ items: [...(await fleet.tenants())] });
  },
  async openapi() {
    return ok(OPENAPI);
  },
  async alerts(fleet, request) {
    return listed(request, await fleet.alerts(request.auth.tenantId, pageOf(request, Number)));
  },
};

/**
 * Answers one read.
 * @throws EgizError with the codes of `lib/http/status.ts`
 */
export function readFleet(fleet: Fleet, read: Read, request: ReadRequest): Promise<HttpResponse> {
  return HANDLERS[read](fleet, request);
}

function ok(body: HttpResponse['body'], revision?: number): HttpResponse {
  return { status: 200, headers: jsonHeaders(revision === undefined ? {} : { etag: etag(revision) }), body };
}

/** `{items, next}`; `next` is the path and query of the next page, null on the last. */
function listed(request: ReadRequest, { items, after }: Slice): HttpResponse {
  let next: string | null = null;
  if (after !== null) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query)) query.set(name, String(value));
    query.set('after', String(after));
    next = `${request.path}?${query}`;
  }
  return ok({ items: [...items], next });
}

function pageOf<Key>(request: ReadRequest, key: (text: string) => Key): Page<Key> {
  const limit = integerParameter(request, 'limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT;
  const after = textParameter(request, 'after');
  if (after === undefined) return { limit };
  const value = key(after);
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw invalidParameter('after', 'is not from "next"');
  return { limit, after: value };
}

function filterOf(request: ReadRequest): ClientFilter {
  const type = textParameter(request, 'type');
  const search = textParameter(request, 'search');
  // Boards are clients of the same engine, and many: who asks for clients gets them only when asked for.
  const profile = choice(request, 'profile', ['clients', 'sensors', 'all']) ?? 'clients';
  const presence = choice<Presence>(request, 'presence', ['online', 'offline', 'unknown']);
  const drift = choice(request, 'drift', ['true', 'false']);
  return {
    tenantId: request.auth.tenantId,
    ...(profile === 'all' ? {} : { profile }),
    ...(type === undefined ? {} : { type }),
    ...(search === undefined ? {} : { search }),
    ...(presence === undefined ? {} : { presence }),
    ...(drift === undefined ? {} : { drift: drift === 'true' }),
  };
}

function textParameter(request: ReadRequest, name: string): string | undefined {
  const value = request.query[name];
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalidParameter(name, 'is given more than once');
}

function choice<Value extends string>(
  request: ReadRequest,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const text = textParameter(request, name);
  const value = values.find((one) => one === text);
  if (text !== undefined && value === undefined)
    throw invalidParameter(name, `must be one of ${values.join(', ')}`);
  return value;
}

function integerParameter(
  request: ReadRequest,
  name: string,
  minimum: number,
  maximum: number,
): number | undefined {
  const text = textParameter(request, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw invalidParameter(name, `must be an integer from ${minimum} to ${maximum}`);
}

function invalidParameter(name: string, fault: string): EgizError {
  return new EgizError('INVALID_REQUEST', `The query parameter "${name}" ${fault}`, {
    errors: [{ pointer: '', rule: name, message: fault }],
  });
}
