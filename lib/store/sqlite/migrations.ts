/**
 * The database's schema, one step a version; a step that has been released is never edited.
 * `PRAGMA user_version` holds the number of steps done.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE clients (
    tenant_id TEXT NOT NULL, client_id TEXT NOT NULL,
    type TEXT NOT NULL, profile TEXT NOT NULL, labels TEXT NOT NULL,
    retired INTEGER NOT NULL DEFAULT 0,
    last_revision INTEGER NOT NULL DEFAULT 0, desired_revision INTEGER NOT NULL DEFAULT 0,
    presence TEXT NOT NULL DEFAULT 'unknown', presence_at INTEGER,
    boot_id TEXT, seq INTEGER NOT NULL DEFAULT 0,
    reported_revision INTEGER NOT NULL DEFAULT 0, reported_hash TEXT, reported_at INTEGER,
    PRIMARY KEY (tenant_id, client_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE revisions (
    tenant_id TEXT NOT NULL, client_id TEXT NOT NULL, revision INTEGER NOT NULL,
    version TEXT NOT NULL, schema TEXT NOT NULL, settings TEXT NOT NULL, hash TEXT NOT NULL,
    created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, revision)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX revisions_by_version ON revisions (tenant_id, client_id, version, revision);
  CREATE TRIGGER revisions_are_immutable BEFORE UPDATE ON revisions
    BEGIN SELECT RAISE(ABORT, 'a revision never changes'); END;

  CREATE TABLE commands (
    number INTEGER PRIMARY KEY AUTOINCREMENT, command_id TEXT NOT NULL UNIQUE,
    tenant_id TEXT NOT NULL, client_id TEXT NOT NULL, revision INTEGER NOT NULL,
    version TEXT NOT NULL, origin TEXT NOT NULL,
    state TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, errors TEXT NOT NULL,
    issued_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    apply_timeout_seconds INTEGER NOT NULL, apply_deadline INTEGER,
    traceparent TEXT, tracestate TEXT, requested_by TEXT NOT NULL
  ) STRICT;
  CREATE INDEX commands_by_client ON commands (tenant_id, client_id, revision, number);
  CREATE INDEX commands_by_state ON commands (tenant_id, client_id, state);
  CREATE INDEX commands_expiring ON commands (expires_at) WHERE state IN ('accepted', 'queued', 'published');
  CREATE INDEX commands_timing_out ON commands (apply_deadline) WHERE apply_deadline IS NOT NULL;

  CREATE TABLE transitions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, command_id TEXT NOT NULL,
    state TEXT NOT NULL, at INTEGER NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL
  ) STRICT;
  CREATE INDEX transitions_by_command ON transitions (command_id, number);

  CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, command_id TEXT NOT NULL UNIQUE,
    tenant_id TEXT NOT NULL, client_id TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0, woken INTEGER NOT NULL DEFAULT 0,
    claimed_by TEXT, claimed_until INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX outbox_due ON outbox (next_attempt_at, number);
  CREATE INDEX outbox_by_client ON outbox (tenant_id, client_id, number);

  CREATE TABLE idempotency (
    tenant_id TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL, headers TEXT NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_by_age ON idempotency (created_at);

  CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
    tenant_id TEXT NOT NULL, client_id TEXT, command_id TEXT,
    actor TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_by_client ON audit (tenant_id, client_id, action);

  CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
    tenant_id TEXT NOT NULL, client_id TEXT, command_id TEXT,
    code TEXT NOT NULL, message TEXT NOT NULL
  ) STRICT;
  CREATE INDEX alerts_by_tenant ON alerts (tenant_id, id);
  `,
  `
  ALTER TABLE clients ADD COLUMN address TEXT NOT NULL DEFAULT '';
  ALTER TABLE clients ADD COLUMN connection INTEGER;
  CREATE INDEX clients_by_id ON clients (client_id);
  `,
];
