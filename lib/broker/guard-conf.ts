import type { Line } from './lines';

/** The guard plugin and what it is told (broker/plugin/README.md). */
export interface GuardPlugin {
  /** The built `egiz_guard.so`. */
  readonly pluginFile: string;
  /** Kinds and limits of the accounts. */
  readonly guardFile: string;
  readonly auditFile: string;
  /**
   * `both`: what the guard grants the broker's own acl_file must grant too, right for 2.0. `guard`: the guard
   * alone, right for 2.1, which ends itself when its own acl_file is wrong at a reload.
   */
  readonly aclDecides: 'both' | 'guard';
  /** Seconds between two publications of its counters. */
  readonly sysInterval?: number;
}

/** Above it the list walk of 2.0's own acl_file makes a reload take seconds (10,000 accounts: 7 s). */
const MANY_ACCOUNTS = 2000;

/** @param version of Mosquitto, e.g. `2.0.11` */
export function aclDecides(version: string, accounts: number): GuardPlugin['aclDecides'] {
  return version.startsWith('2.0.') && accounts < MANY_ACCOUNTS ? 'both' : 'guard';
}

/** SEC-5 */
const DEFAULT_RATE = 100;

export function guardLines(guard: GuardPlugin, aclFile: string): Line[] {
  const option = (name: string, value: string | number) => `plugin_opt_${name} ${value}`;
  return [
    [`plugin ${guard.pluginFile}`, 'SEC-4 to SEC-6, FR-5.5, FR-5.6: what Mosquitto leaves open.'],
    [option('acl_file', aclFile), 'SEC-4: also for SUBSCRIBE, and never open after a reload that failed.'],
    [option('acl_decides', guard.aclDecides), ACL_DECIDES[guard.aclDecides]],
    [option('account_file', guard.guardFile), 'SEC-5, SPEC 2: limits and client ids of each account,'],
    [option('rate', DEFAULT_RATE), 'SEC-5: and the messages a second of all others.'],
    [option('cert_login', 'true'), 'SPEC 2: the guard sees services log in, before an id can be borrowed.'],
    [option('audit_file', guard.auditFile), 'SEC-6, FR-5.5: logins, refusals and denials as JSON lines.'],
    ...(guard.sysInterval === undefined
      ? []
      : [[option('sys_interval', guard.sysInterval), 'FR-5.6: counters under $SYS/broker/egiz.'] as const]),
  ];
}

const ACL_DECIDES: Readonly<Record<GuardPlugin['aclDecides'], string>> = {
  both: 'SEC-4: what the guard grants, acl_file above must grant too.',
  guard: 'SEC-4: the guard alone; Mosquitto 2.1 would end when its own acl_file is wrong at a reload.',
};
