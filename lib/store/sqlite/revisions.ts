import type { JsonObject } from '../../json/json';
import type { RevisionRecord, StoreTransaction } from '../store';
import { int, json, type Row, type Statements, text } from './statements';

type RevisionQueries = Pick<
  StoreTransaction,
  'insertRevision' | 'revision' | 'revisionByVersion' | 'revisions'
>;

const OF_CLIENT = 'SELECT * FROM revisions WHERE tenant_id = :tenant AND client_id = :client';

export function revisionQueries(sql: Statements): RevisionQueries {
  const one = (row: Row | undefined) => (row === undefined ? undefined : revisionRecord(row));
  return {
    async insertRevision(revision) {
      sql.run(
        `INSERT INTO revisions (tenant_id, client_id, revision, version, schema, settings, hash, created_at, created_by)
         VALUES (:tenant, :client, :revision, :version, :schema, :settings, :hash, :createdAt, :createdBy)`,
        {
          tenant: revision.tenantId,
          client: revision.clientId,
          revision: revision.revision,
          version: revision.version,
          schema: revision.schema,
          settings: JSON.stringify(revision.settings),
          hash: revision.hash,
          createdAt: revision.createdAt,
          createdBy: revision.createdBy,
        },
      );
    },
    async revision(ref, revision) {
      const parameters = { tenant: ref.tenantId, client: ref.clientId, revision };
      return one(sql.get(`${OF_CLIENT} AND revision = :revision`, parameters));
    },
    async revisionByVersion(ref, version) {
      const parameters = { tenant: ref.tenantId, client: ref.clientId, version };
      return one(sql.get(`${OF_CLIENT} AND version = :version ORDER BY revision DESC LIMIT 1`, parameters));
    },
    async revisions(ref, page) {
      return sql
        .all(`${OF_CLIENT} AND revision < :after ORDER BY revision DESC LIMIT :limit`, {
          tenant: ref.tenantId,
          client: ref.clientId,
          after: page.after ?? Number.MAX_SAFE_INTEGER,
          limit: page.limit,
        })
        .map(revisionRecord);
    },
  };
}

function revisionRecord(row: Row): RevisionRecord {
  return {
    tenantId: text(row.tenant_id),
    clientId: text(row.client_id),
    revision: int(row.revision),
    version: text(row.version),
    schema: text(row.schema),
    settings: json<JsonObject>(row.settings),
    hash: text(row.hash),
    createdAt: int(row.created_at),
    createdBy: text(row.created_by),
  };
}
