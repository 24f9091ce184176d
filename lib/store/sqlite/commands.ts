import { COMMAND_STATES, type CommandState } from '../../commands/states';
import type { FieldError } from '../../errors/egiz-error';
import type { ClientRef } from '../../topics/clients';
import type { CommandRecord, StateCounts, StoreTransaction, TransitionRecord } from '../store';
import { assignments, int, intOrNull, json, type Row, type Statements, text, textOrNull } from './statements';

type CommandQueries = Pick<
  StoreTransaction,
  | 'insertCommand'
  | 'command'
  | 'commandForRevision'
  | 'openCommands'
  | 'commands'
  | 'updateCommand'
  | 'dueCommands'
  | 'addTransition'
  | 'transitions'
  | 'countByState'
>;

const COLUMNS = {
  state: 'state',
  code: 'code',
  message: 'message',
  errors: 'errors',
  updatedAt: 'updated_at',
  applyDeadline: 'apply_deadline',
} as const;

const OF_CLIENT = 'SELECT * FROM commands WHERE tenant_id = :tenant AND client_id = :client';
const INSERT = `
  INSERT INTO commands (command_id, tenant_id, client_id, revision, version, origin, state, code, message, errors,
    issued_at, updated_at, expires_at, apply_timeout_seconds, apply_deadline, traceparent, tracestate, requested_by)
  VALUES (:commandId, :tenantId, :clientId, :revision, :version, :origin, :state, :code, :message, :errors,
    :issuedAt, :updatedAt, :expiresAt, :applyTimeoutSeconds, :applyDeadline, :traceparent, :tracestate, :requestedBy)`;

export function commandQueries(sql: Statements): CommandQueries {
  const one = (row: Row | undefined) => (row === undefined ? undefined : commandRecord(row));
  return {
    async insertCommand(command) {
      sql.run(INSERT, { ...command, errors: JSON.stringify(command.errors) });
    },
    async command(id) {
      return one(sql.get('SELECT * FROM commands WHERE command_id = :id', { id }));
    },
    async commandForRevision(ref, revision) {
      const parameters = { ...key(ref), revision };
      return one(sql.get(`${OF_CLIENT} AND revision = :revision ORDER BY number DESC LIMIT 1`, parameters));
    },
    async openCommands(ref) {
      return sql
        .all(
          `${OF_CLIENT} AND state IN ('accepted', 'queued', 'published', 'received') ORDER BY revision, number`,
          key(ref),
        )
        .map(commandRecord);
    },
    async commands(ref, page) {
      const before = `number < ifnull((SELECT number FROM commands WHERE command_id = :after), 9e15)`;
      return sql
        .all(`${OF_CLIENT} AND ${before} ORDER BY number DESC LIMIT :limit`, {
          ...key(ref),
          after: page.after ?? '',
          limit: page.limit,
        })
        .map(commandRecord);
    },
    async updateCommand(id, patch) {
      const { sql: set, parameters } = assignments(patch, COLUMNS);
      if (set !== '') sql.run(`UPDATE commands SET ${set} WHERE command_id = :id`, { ...parameters, id });
    },
    async dueCommands(now, limit) {
      return sql
        .all(
          `SELECT * FROM commands WHERE state IN ('accepted', 'queued', 'published') AND expires_at <= :now
           UNION SELECT * FROM commands WHERE apply_deadline IS NOT NULL AND apply_deadline <= :now
           ORDER BY number LIMIT :limit`,
          { now, limit },
        )
        .map(commandRecord);
    },
    async addTransition(transition) {
      sql.run(
        `INSERT INTO transitions (command_id, state, at, code, message)
         VALUES (:commandId, :state, :at, :code, :message)`,
        { ...transition },
      );
    },
    async transitions(commandId) {
      return sql
        .all('SELECT * FROM transitions WHERE command_id = :commandId ORDER BY number', { commandId })
        .map(transitionRecord);
    },
    async countByState(scope) {
      const { where, parameters } = scopeCondition(scope);
      const counts = Object.fromEntries(COMMAND_STATES.map((state) => [state, 0])) as Record<
        CommandState,
        number
      >;
      for (const row of sql.all(
        `SELECT state, count(*) AS n FROM commands ${where} GROUP BY state`,
        parameters,
      )) {
        counts[text(row.state) as CommandState] = int(row.n);
      }
      return counts satisfies StateCounts;
    },
  };
}

/** `WHERE` clause for one client, one tenant, or everything. */
export function scopeCondition(scope: Partial<ClientRef>): {
  where: string;
  parameters: Record<string, string>;
} {
  if (scope.tenantId === undefined) return { where: 'WHERE true', parameters: {} };
  if (scope.clientId === undefined)
    return { where: 'WHERE tenant_id = :tenant', parameters: { tenant: scope.tenantId } };
  return {
    where: 'WHERE tenant_id = :tenant AND client_id = :client',
    parameters: { tenant: scope.tenantId, client: scope.clientId },
  };
}

function key(ref: ClientRef): { tenant: string; client: string } {
  return { tenant: ref.tenantId, client: ref.clientId };
}

function commandRecord(row: Row): CommandRecord {
  return {
    commandId: text(row.command_id),
    tenantId: text(row.tenant_id),
    clientId: text(row.client_id),
    revision: int(row.revision),
    version: text(row.version),
    origin: text(row.origin) as CommandRecord['origin'],
    state: text(row.state) as CommandState,
    code: text(row.code),
    message: text(row.message),
    errors: json<FieldError[]>(row.errors),
    issuedAt: int(row.issued_at),
    updatedAt: int(row.updated_at),
    expiresAt: int(row.expires_at),
    applyTimeoutSeconds: int(row.apply_timeout_seconds),
    applyDeadline: intOrNull(row.apply_deadline),
    traceparent: textOrNull(row.traceparent),
    tracestate: textOrNull(row.tracestate),
    requestedBy: text(row.requested_by),
  };
}

function transitionRecord(row: Row): TransitionRecord {
  return {
    commandId: text(row.command_id),
    state: text(row.state) as CommandState,
    at: int(row.at),
    code: text(row.code),
    message: text(row.message),
  };
}
