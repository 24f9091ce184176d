import type { FieldError } from '../errors/egiz-error';
import type { JsonObject } from '../json/json';

/** The command the service publishes to a client (SPEC 3, SEQ step 4). */
export interface ConfigurationCommand {
  readonly type: 'ClientConfigurationUpdated';
  /** UUIDv7. */
  readonly commandId: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** Server-assigned integer from 1; the only thing that orders configurations. */
  readonly revision: number;
  /** The caller's semver label. */
  readonly version: string;
  /** `name/major` of the client type's schema. */
  readonly schema: string;
  readonly settings: JsonObject;
  /** Lower-case hex SHA-256 of the RFC 8785 canonical form of `settings`. */
  readonly hash: string;
  /** RFC 3339 UTC. */
  readonly issuedAt: string;
  readonly expiresAt: string;
}

export const REPORTED_STATES = ['received', 'applied', 'rejected', 'failed', 'superseded'] as const;
export type ReportedState = (typeof REPORTED_STATES)[number];

/** What a client reports about a command (SPEC 3, SEQ step 7). */
export interface StatusReport {
  readonly type: 'ClientStatusReported';
  readonly commandId: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly revision: number;
  readonly version: string;
  readonly state: ReportedState;
  /** Upper snake case, e.g. `APPLIED`, `INVALID`, `APPLIED_WITH_ERRORS`. */
  readonly code: string;
  readonly message: string;
  readonly errors: readonly FieldError[];
  /** Hash of the configuration the client runs now; null when it has none. */
  readonly reportedHash: string | null;
  /** RFC 3339 UTC. */
  readonly at: string;
  readonly bootId: string;
  /** From 1 in each boot, one more with every status. */
  readonly seq: number;
}

/** Birth (`online`) and will (`offline`) of a client (SPEC 3). */
export interface ConnectionChange {
  readonly type: 'ClientConnectionChanged';
  readonly tenantId: string;
  readonly clientId: string;
  readonly status: 'online' | 'offline';
  /** 0 without a configuration yet. */
  readonly revision: number;
  readonly reportedHash: string | null;
  readonly bootId: string;
  readonly at: string;
}

export type ClientMessage = StatusReport | ConnectionChange;
