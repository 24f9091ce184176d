import type { OutboxRow, StoreTransaction } from '../store';
import { int, intOrNull, type Row, type Statements, text } from './statements';

type OutboxQueries = Pick<
  StoreTransaction,
  | 'enqueue'
  | 'enqueueUnfinished'
  | 'claimOutbox'
  | 'releaseOutboxOf'
  | 'outboxRow'
  | 'releaseOutbox'
  | 'wakeOutbox'
  | 'wakeWholeOutbox'
  | 'removeOutbox'
  | 'outboxDepth'
>;

const DUE = `
  SELECT o.* FROM outbox o
  WHERE o.next_attempt_at <= :now AND o.claimed_until <= :now
    AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.tenant_id = o.tenant_id AND e.client_id = o.client_id
      AND (e.number < o.number OR e.claimed_until > :now))
  ORDER BY o.number LIMIT :limit`;

/** @param touched called when a row may have become due, so that the publisher is woken after the commit */
export function outboxQueries(sql: Statements, touched: () => void): OutboxQueries {
  return {
    async enqueue(row) {
      sql.run(
        `INSERT INTO outbox (command_id, tenant_id, client_id, created_at, expires_at, next_attempt_at)
         VALUES (:commandId, :tenantId, :clientId, :createdAt, :expiresAt, :createdAt)
         ON CONFLICT DO UPDATE SET next_attempt_at = :createdAt, held = 0, woken = 1`,
        { ...row },
      );
      touched();
    },
    async enqueueUnfinished(now) {
      const added = sql.run(
        `INSERT INTO outbox (command_id, tenant_id, client_id, created_at, expires_at, next_attempt_at)
         SELECT command_id, tenant_id, client_id, :now, expires_at, :now FROM commands
         WHERE state IN ('published', 'received') AND expires_at > :now
         ORDER BY number ON CONFLICT DO NOTHING`,
        { now },
      );
      if (added > 0) touched();
      return added;
    },
    async claimOutbox(owner, now, until, limit) {
      const due = sql.all(DUE, { now, limit });
      for (const row of due) {
        sql.run(
          'UPDATE outbox SET claimed_by = :owner, claimed_until = :until, woken = 0 WHERE number = :number',
          {
            owner,
            until,
            number: int(row.number),
          },
        );
      }
      return due.map(outboxRow);
    },
    async releaseOutboxOf(owner) {
      const released = sql.run(
        'UPDATE outbox SET claimed_by = NULL, claimed_until = 0 WHERE claimed_by = :owner',
        {
          owner,
        },
      );
      if (released > 0) touched();
    },
    async outboxRow(id) {
      const row = sql.get('SELECT * FROM outbox WHERE command_id = :id', { id });
      return row === undefined ? undefined : outboxRow(row);
    },
    async releaseOutbox(id, nextAttemptAt, attempts, held) {
      sql.run(
        `UPDATE outbox SET claimed_by = NULL, claimed_until = 0, attempts = :attempts,
           next_attempt_at = CASE WHEN woken THEN 0 ELSE :nextAttemptAt END,
           held = CASE WHEN woken THEN 0 ELSE :held END
         WHERE command_id = :id`,
        { id, nextAttemptAt, attempts, held: held ? 1 : 0 },
      );
      touched();
    },
    async wakeOutbox(ref, now) {
      const woken = sql.run(
        `UPDATE outbox SET next_attempt_at = :now, held = 0, woken = 1, attempts = 0
         WHERE tenant_id = :tenant AND client_id = :client`,
        { now, tenant: ref.tenantId, client: ref.clientId },
      );
      if (woken > 0) touched();
    },
    async wakeWholeOutbox(now) {
      const woken = sql.run(
        'UPDATE outbox SET next_attempt_at = :now WHERE held = 0 AND next_attempt_at > :now',
        {
          now,
        },
      );
      if (woken > 0) touched();
    },
    async removeOutbox(id) {
      // The client's next row may be due now that this one is out of its way.
      if (sql.run('DELETE FROM outbox WHERE command_id = :id', { id }) > 0) touched();
    },
    async outboxDepth() {
      const row = sql.get(
        'SELECT count(*) AS n, min(max(next_attempt_at, claimed_until)) AS next FROM outbox',
      );
      const oldest = sql.get('SELECT * FROM outbox ORDER BY number LIMIT 1');
      return {
        rows: int(row?.n),
        oldest: oldest === undefined ? null : outboxRow(oldest),
        nextDueAt: intOrNull(row?.next),
      };
    },
  };
}

function outboxRow(row: Row): OutboxRow {
  return {
    commandId: text(row.command_id),
    tenantId: text(row.tenant_id),
    clientId: text(row.client_id),
    attempts: int(row.attempts),
    createdAt: int(row.created_at),
    expiresAt: int(row.expires_at),
    held: int(row.held) === 1,
    claimedUntil: int(row.claimed_until),
  };
}
