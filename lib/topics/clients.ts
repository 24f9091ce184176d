import { isIdentifier, parseIdentifier } from './identifiers';

/** A client of the `clients` profile (SEQ): an edge instance of one tenant. */
export interface ClientRef {
  readonly tenantId: string;
  readonly clientId: string;
}

/** The broker account of a client: `TENANT.CLIENT` (SPEC 2). */
export function clientAccount(ref: ClientRef): string {
  return `${ref.tenantId}.${ref.clientId}`;
}

/** @throws EgizError `INVALID_IDENTIFIER` */
export function parseClientAccount(account: string): ClientRef {
  const dot = account.indexOf('.');
  return {
    tenantId: parseIdentifier('tenant', dot < 0 ? account : account.slice(0, dot)),
    clientId: parseIdentifier('client', dot < 0 ? '' : account.slice(dot + 1)),
  };
}

/** @throws EgizError `INVALID_IDENTIFIER` when either id cannot be a topic level */
export function parseClientRef(tenantId: unknown, clientId: unknown): ClientRef {
  return { tenantId: parseIdentifier('tenant', tenantId), clientId: parseIdentifier('client', clientId) };
}

export function clientRoot(ref: ClientRef): string {
  return `tenants/${ref.tenantId}/clients/${ref.clientId}`;
}

export function clientCommandTopic(ref: ClientRef): string {
  return `${clientRoot(ref)}/commands/config`;
}

export function clientStatusTopic(ref: ClientRef): string {
  return `${clientRoot(ref)}/status`;
}

export function clientTelemetryTopic(ref: ClientRef, connection: string, group: string): string {
  return `${clientRoot(ref)}/telemetry/${parseIdentifier('connection', connection)}/${parseIdentifier('group', group)}`;
}

export function clientMetaTopic(ref: ClientRef, connection: string, group: string): string {
  return `${clientRoot(ref)}/meta/${parseIdentifier('connection', connection)}/${parseIdentifier('group', group)}`;
}

/** What the service subscribes to for the statuses, births and wills of every client. */
export const CLIENT_STATUS_FILTER = 'tenants/+/clients/+/status';

/** The client whose status topic this is, or undefined for any other topic. */
export function parseClientStatusTopic(topic: string): ClientRef | undefined {
  return parseClientTopic(topic, '/status');
}

/** The client whose configuration commands come on this topic, or undefined for any other topic. */
export function parseClientCommandTopic(topic: string): ClientRef | undefined {
  return parseClientTopic(topic, '/commands/config');
}

/** The client whose telemetry comes on this topic, or undefined for any other topic. */
export function parseClientTelemetryTopic(topic: string): ClientRef | undefined {
  const [root, tenantId, kind, clientId, what, ...rest] = topic.split('/');
  if (root !== 'tenants' || kind !== 'clients' || what !== 'telemetry' || rest.length === 0) return undefined;
  if (!isIdentifier('tenant', tenantId) || !isIdentifier('client', clientId)) return undefined;
  return { tenantId, clientId };
}

function parseClientTopic(topic: string, end: string): ClientRef | undefined {
  if (!topic.endsWith(end)) return undefined;
  const [root, tenantId, kind, clientId, ...rest] = topic.slice(0, -end.length).split('/');
  if (root !== 'tenants' || kind !== 'clients' || rest.length > 0) return undefined;
  if (!isIdentifier('tenant', tenantId) || !isIdentifier('client', clientId)) return undefined;
  return { tenantId, clientId };
}
