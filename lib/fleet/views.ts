import type { JsonObject, JsonValue } from '../json/json';
import type {
  AlertRecord,
  ClientRecord,
  CommandRecord,
  RevisionRecord,
  TransitionRecord,
} from '../store/store';

/** How the records look to a caller of the API or of the node: RFC 3339 times, nothing internal. */

const time = (ms: number): string => new Date(ms).toISOString();
const timeOrNull = (ms: number | null): string | null => (ms === null ? null : time(ms));

export function clientView(client: ClientRecord): JsonObject {
  return {
    tenantId: client.tenantId,
    clientId: client.clientId,
    type: client.type,
    profile: client.profile,
    labels: { ...client.labels },
    desired: {
      revision: client.desiredRevision,
      version: client.desiredVersion,
      hash: client.desiredHash,
      state: client.desiredState,
    },
    reported: {
      revision: client.reportedRevision,
      hash: client.reportedHash,
      at: timeOrNull(client.reportedAt),
    },
    drift: hasDrift(client),
    presence: client.presence,
    presenceSince: timeOrNull(client.presenceAt),
    bootId: client.bootId,
  };
}

/** The client does not run what it should. */
export function hasDrift(client: ClientRecord): boolean {
  return client.desiredRevision > 0 && client.desiredHash !== client.reportedHash;
}

export function revisionView(revision: RevisionRecord): JsonObject {
  return {
    clientId: revision.clientId,
    revision: revision.revision,
    version: revision.version,
    schema: revision.schema,
    hash: revision.hash,
    createdAt: time(revision.createdAt),
    createdBy: revision.createdBy,
  };
}

export function commandView(command: CommandRecord): JsonObject {
  return {
    commandId: command.commandId,
    clientId: command.clientId,
    revision: command.revision,
    version: command.version,
    origin: command.origin,
    state: command.state,
    code: command.code,
    message: command.message,
    errors: command.errors.map((error): JsonValue => ({ ...error })),
    issuedAt: time(command.issuedAt),
    updatedAt: time(command.updatedAt),
    expiresAt: time(command.expiresAt),
    applyTimeoutSeconds: command.applyTimeoutSeconds,
    requestedBy: command.requestedBy,
  };
}

export function transitionView(transition: TransitionRecord): JsonObject {
  const { state, at, code, message } = transition;
  return { state, at: time(at), code, message };
}

export function alertView(alert: AlertRecord): JsonObject {
  const { id, at, clientId, commandId, code, message } = alert;
  return { id, at: time(at), clientId, commandId, code, message };
}
