import { ArchiveAudit, type AuditScope, type Findings } from './audit';
import type { Influx } from './influx';

export interface Period {
  /** ms since 1970; `until` exclusive. */
  readonly since: number;
  readonly until: number;
  /** A message younger than this may still be on its way. In ms. */
  readonly margin: number;
}

/** Audits a period of the past. @param now ms since 1970 */
export async function auditOnce(
  influx: Influx,
  scope: AuditScope,
  { since, until, margin }: Period,
  now: number,
): Promise<Findings> {
  const audit = new ArchiveAudit(influx, scope);
  await audit.lookBack(since);
  await audit.read(since, until);
  await audit.readRefused(since, now);
  return audit.findings(now - margin);
}
