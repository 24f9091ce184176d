import type { CommandState } from '../../commands/states';
import type { ClientRef } from '../../topics/clients';
import type { ClientFilter, ClientRecord, Presence, StoreTransaction } from '../store';
import { assignments, int, intOrNull, json, type Row, type Statements, text, textOrNull } from './statements';

type ClientQueries = Pick<
  StoreTransaction,
  | 'client'
  | 'clientAt'
  | 'registerClient'
  | 'retireClient'
  | 'registeredClients'
  | 'updateClient'
  | 'clients'
  | 'countByPresence'
>;

const COLUMNS = {
  lastRevision: 'last_revision',
  desiredRevision: 'desired_revision',
  presence: 'presence',
  presenceAt: 'presence_at',
  bootId: 'boot_id',
  connection: 'connection',
  seq: 'seq',
  reportedRevision: 'reported_revision',
  reportedHash: 'reported_hash',
  reportedAt: 'reported_at',
} as const;

const SELECT = `
  SELECT c.*, r.version AS desired_version, r.hash AS desired_hash,
    (SELECT k.state FROM commands k WHERE k.tenant_id = c.tenant_id AND k.client_id = c.client_id
       AND k.revision = c.desired_revision ORDER BY k.number DESC LIMIT 1) AS desired_state
  FROM clients c LEFT JOIN revisions r
    ON r.tenant_id = c.tenant_id AND r.client_id = c.client_id AND r.revision = c.desired_revision
  WHERE c.retired = 0`;

const AT = `${SELECT} AND c.client_id = :client AND c.profile = :profile
  AND (c.address = :address OR substr(c.address, 1, length(:address) + 1) = :address || '/')`;

const DRIFTED = `(c.desired_revision > 0 AND r.hash IS NOT c.reported_hash)`;

export function clientQueries(sql: Statements): ClientQueries {
  return {
    async client(ref) {
      const row = sql.get(`${SELECT} AND c.tenant_id = :tenant AND c.client_id = :client`, key(ref));
      return row === undefined ? undefined : clientRecord(row);
    },
    async clientAt({ profile, address, clientId }) {
      const row = sql.get(AT, { profile, address, client: clientId });
      return row === undefined ? undefined : clientRecord(row);
    },
    async registerClient(client) {
      const { type, profile, address } = client;
      sql.run(
        `INSERT INTO clients (tenant_id, client_id, type, profile, address, labels)
         VALUES (:tenant, :client, :type, :profile, :address, :labels)
         ON CONFLICT DO UPDATE SET type = :type, profile = :profile, address = :address, labels = :labels,
           retired = 0`,
        { ...key(client), type, profile, address, labels: JSON.stringify(client.labels) },
      );
    },
    async retireClient(ref) {
      sql.run('UPDATE clients SET retired = 1 WHERE tenant_id = :tenant AND client_id = :client', key(ref));
    },
    async registeredClients() {
      return sql
        .all('SELECT tenant_id, client_id FROM clients WHERE retired = 0 ORDER BY tenant_id, client_id')
        .map((row) => ({ tenantId: text(row.tenant_id), clientId: text(row.client_id) }));
    },
    async updateClient(ref, patch) {
      const { sql: set, parameters } = assignments(patch, COLUMNS);
      if (set === '') return;
      sql.run(`UPDATE clients SET ${set} WHERE tenant_id = :tenant AND client_id = :client`, {
        ...parameters,
        ...key(ref),
      });
    },
    async clients(filter, page) {
      const { where, parameters } = condition(filter);
      return sql
        .all(`${SELECT} AND ${where} AND c.client_id > :after ORDER BY c.client_id LIMIT :limit`, {
          ...parameters,
          after: page.after ?? '',
          limit: page.limit,
        })
        .map(clientRecord);
    },
    async countByPresence() {
      const counts: Record<Presence, number> = { online: 0, offline: 0, unknown: 0 };
      for (const row of sql.all(
        'SELECT presence, count(*) AS n FROM clients WHERE retired = 0 GROUP BY presence',
      )) {
        counts[text(row.presence) as Presence] = int(row.n);
      }
      return counts;
    },
  };
}

function key(ref: ClientRef): { tenant: string; client: string } {
  return { tenant: ref.tenantId, client: ref.clientId };
}

function condition(filter: ClientFilter): { where: string; parameters: Record<string, string> } {
  const parts = ['c.tenant_id = :tenant'];
  const parameters: Record<string, string> = { tenant: filter.tenantId };
  if (filter.type !== undefined) {
    parts.push('c.type = :type');
    parameters.type = filter.type;
  }
  if (filter.profile !== undefined) {
    parts.push('c.profile = :profile');
    parameters.profile = filter.profile;
  }
  if (filter.presence !== undefined) {
    parts.push('c.presence = :presence');
    parameters.presence = filter.presence;
  }
  if (filter.search !== undefined) {
    parts.push('instr(lower(c.client_id), lower(:search)) > 0');
    parameters.search = filter.search;
  }
  if (filter.drift !== undefined) parts.push(filter.drift ? DRIFTED : `NOT ${DRIFTED}`);
  return { where: parts.join(' AND '), parameters };
}

function clientRecord(row: Row): ClientRecord {
  return {
    tenantId: text(row.tenant_id),
    clientId: text(row.client_id),
    type: text(row.type),
    profile: text(row.profile),
    address: text(row.address),
    labels: json<Record<string, string>>(row.labels),
    lastRevision: int(row.last_revision),
    desiredRevision: int(row.desired_revision),
    presence: text(row.presence) as Presence,
    presenceAt: intOrNull(row.presence_at),
    bootId: textOrNull(row.boot_id),
    connection: intOrNull(row.connection),
    seq: int(row.seq),
    reportedRevision: int(row.reported_revision),
    reportedHash: textOrNull(row.reported_hash),
    reportedAt: intOrNull(row.reported_at),
    desiredVersion: textOrNull(row.desired_version),
    desiredHash: textOrNull(row.desired_hash),
    desiredState: textOrNull(row.desired_state) as CommandState | null,
  };
}
