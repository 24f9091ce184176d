import type { JsonObject } from '../../json/json';
import type { AlertRecord, AuditEntry, IdempotencyRecord, StoreTransaction } from '../store';
import { scopeCondition } from './commands';
import { int, json, type Row, type Statements, text, textOrNull } from './statements';

type JournalQueries = Pick<
  StoreTransaction,
  | 'idempotent'
  | 'rememberIdempotent'
  | 'forgetIdempotent'
  | 'audit'
  | 'auditEntries'
  | 'raiseAlert'
  | 'alerts'
  | 'countAccepted'
>;

/** What has happened: answered requests, the audit trail, alerts. */
export function journalQueries(sql: Statements): JournalQueries {
  return {
    async idempotent(tenantId, key) {
      const row = sql.get('SELECT * FROM idempotency WHERE tenant_id = :tenantId AND key = :key', {
        tenantId,
        key,
      });
      return row === undefined ? undefined : idempotencyRecord(row);
    },
    async rememberIdempotent(record) {
      sql.run(
        `INSERT INTO idempotency (tenant_id, key, fingerprint, status, headers, body, created_at)
         VALUES (:tenantId, :key, :fingerprint, :status, :headers, :body, :createdAt)`,
        { ...record, headers: JSON.stringify(record.headers), body: JSON.stringify(record.body) },
      );
    },
    async forgetIdempotent(before) {
      sql.run('DELETE FROM idempotency WHERE created_at < :before', { before });
    },
    async audit(entry) {
      sql.run(
        `INSERT INTO audit (at, tenant_id, client_id, command_id, actor, action, detail)
         VALUES (:at, :tenantId, :clientId, :commandId, :actor, :action, :detail)`,
        { ...entry, detail: JSON.stringify(entry.detail) },
      );
    },
    async auditEntries(tenantId, clientId, page) {
      const ofClient = clientId === null ? '' : 'AND client_id = :clientId';
      return sql
        .all(
          `SELECT * FROM audit WHERE tenant_id = :tenantId ${ofClient} AND number < :after
           ORDER BY number DESC LIMIT :limit`,
          {
            tenantId,
            ...(clientId === null ? {} : { clientId }),
            after: page.after ?? Number.MAX_SAFE_INTEGER,
            limit: page.limit,
          },
        )
        .map(auditEntry);
    },
    async raiseAlert(alert) {
      const row = sql.get(
        `INSERT INTO alerts (at, tenant_id, client_id, command_id, code, message)
         VALUES (:at, :tenantId, :clientId, :commandId, :code, :message) RETURNING id`,
        { ...alert },
      );
      return { ...alert, id: int(row?.id) };
    },
    async alerts(tenantId, page) {
      return sql
        .all(
          'SELECT * FROM alerts WHERE tenant_id = :tenantId AND id < :after ORDER BY id DESC LIMIT :limit',
          {
            tenantId,
            after: page.after ?? Number.MAX_SAFE_INTEGER,
            limit: page.limit,
          },
        )
        .map(alertRecord);
    },
    async countAccepted(scope) {
      const { where, parameters } = scopeCondition(scope);
      return int(
        sql.get(`SELECT count(*) AS n FROM audit ${where} AND action = 'command.accepted'`, parameters)?.n,
      );
    },
  };
}

function idempotencyRecord(row: Row): IdempotencyRecord {
  return {
    tenantId: text(row.tenant_id),
    key: text(row.key),
    fingerprint: text(row.fingerprint),
    status: int(row.status),
    headers: json<Record<string, string>>(row.headers),
    body: json<JsonObject>(row.body),
    createdAt: int(row.created_at),
  };
}

function auditEntry(row: Row): AuditEntry {
  return {
    at: int(row.at),
    tenantId: text(row.tenant_id),
    clientId: textOrNull(row.client_id),
    commandId: textOrNull(row.command_id),
    actor: text(row.actor),
    action: text(row.action),
    detail: json<JsonObject>(row.detail),
  };
}

function alertRecord(row: Row): AlertRecord {
  return {
    id: int(row.id),
    at: int(row.at),
    tenantId: text(row.tenant_id),
    clientId: textOrNull(row.client_id),
    commandId: textOrNull(row.command_id),
    code: text(row.code),
    message: text(row.message),
  };
}
