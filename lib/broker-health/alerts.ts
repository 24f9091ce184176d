import type { HealthView } from './view';

/** `info` tells of something that has happened; a `warning` becomes worse; `critical` means loss, now. */
export type Severity = 'critical' | 'warning' | 'info';

export interface HealthThresholds {
  /** FR-5.4: messages that wait for clients. */
  readonly queue: number;
  /** Of the clients that were connected within five minutes, so many per cent gone, and at least so many. */
  readonly lostClientsPercent: number;
  readonly lostClientsMinimum: number;
  /** Refused logins a minute. */
  readonly loginFailures: number;
  /** The broker should have the guard plugin. */
  readonly guard: boolean;
  /** Without news for so long $SYS is missing, or stale. */
  readonly silentAfterMs: number;
  /** A connection that is away for less is no news. */
  readonly unreachableAfterMs: number;
  /** How long an alert of something that has happened stays. */
  readonly holdMs: number;
}

export interface Finding {
  /** A sentence for a person: what is wrong, and what to look at. */
  readonly message: string;
  readonly value?: number;
  readonly threshold?: number;
}

export interface AlertRule {
  readonly code: string;
  readonly severity: Severity;
  /** `unknown`: it cannot be said now; the alert stays as it is. */
  check(view: HealthView, thresholds: HealthThresholds): Finding | 'unknown' | undefined;
}

/** An alert that is raised does not go and come with every message about its threshold. */
const CLEARED_AT = 0.8;
const MINUTE_MS = 60_000;

/** Something was counted lately. */
function happened(
  code: string,
  severity: Severity,
  counter: string,
  sentence: (count: number) => string,
): AlertRule {
  return {
    code,
    severity,
    check: ({ gained }, { holdMs }) => {
      const count = gained(counter, holdMs);
      return count > 0 ? { message: sentence(count), value: count, threshold: 0 } : undefined;
    },
  };
}

export const ALERT_RULES: readonly AlertRule[] = [
  {
    code: 'BROKER_UNREACHABLE',
    severity: 'critical',
    check({ away, now }, { unreachableAfterMs }) {
      if (away === undefined) return undefined;
      if (now - away.since < unreachableAfterMs) return 'unknown';
      return { message: `The broker cannot be reached: ${away.reason}` };
    },
  },
  {
    code: 'SYS_REFUSED',
    severity: 'critical',
    check: ({ refused }) =>
      refused === undefined
        ? undefined
        : {
            message: `The figures of the broker cannot be read: ${refused}. Use an account of the role monitoring`,
          },
  },
  {
    code: 'SYS_MISSING',
    severity: 'critical',
    check({ away, refused, listeningSince, uptimeAt, now }, { silentAfterMs }) {
      if (away !== undefined || refused !== undefined || listeningSince === undefined) return 'unknown';
      if (uptimeAt !== undefined) return undefined;
      if (now - listeningSince < silentAfterMs) return 'unknown';
      return {
        message:
          'Nothing comes below $SYS/broker: the account may not read it (role monitoring), sys_interval is 0, or the broker is no Mosquitto',
      };
    },
  },
  {
    code: 'SYS_STALE',
    severity: 'critical',
    check({ away, refused, uptimeAt, now }, { silentAfterMs }) {
      if (away !== undefined || refused !== undefined || uptimeAt === undefined) return 'unknown';
      if (now - uptimeAt < silentAfterMs) return undefined;
      const seconds = Math.round((now - uptimeAt) / 1000);
      return { message: `The figures stand still: no $SYS/broker/uptime for ${seconds} s`, value: seconds };
    },
  },
  {
    code: 'QUEUE_HIGH',
    severity: 'warning',
    check({ queue, raised }, { queue: threshold }) {
      if (queue === undefined) return 'unknown';
      const limit = raised('QUEUE_HIGH') ? threshold * CLEARED_AT : threshold;
      if (queue <= limit) return undefined;
      return {
        message: `${queue} messages wait for clients, more than ${threshold}`,
        value: queue,
        threshold,
      };
    },
  },
  {
    code: 'CLIENTS_LOST',
    severity: 'warning',
    check({ clients }, { lostClientsPercent, lostClientsMinimum }) {
      if (clients === undefined) return 'unknown';
      const lost = clients.highest - clients.connected;
      const threshold = Math.max(lostClientsMinimum, (clients.highest * lostClientsPercent) / 100);
      if (lost < threshold) return undefined;
      return {
        message: `${lost} of ${clients.highest} clients were lost within 5 minutes`,
        value: lost,
        threshold,
      };
    },
  },
  happened(
    'MESSAGES_DROPPED',
    'critical',
    'dropped',
    (count) => `${count} messages were dropped because a client's queue was full: they are lost`,
  ),
  {
    code: 'GUARD_MISSING',
    severity: 'warning',
    check({ uptimeAt, guardAt, now }, { guard, silentAfterMs }) {
      if (!guard) return undefined;
      if (uptimeAt === undefined || now - uptimeAt >= silentAfterMs) return 'unknown';
      if (guardAt.seen !== undefined && now - guardAt.seen < silentAfterMs) return undefined;
      if (now - guardAt.awaitedSince < silentAfterMs) return 'unknown';
      return {
        message: 'The guard plugin tells nothing: without it there is no rate limit and no audit log',
      };
    },
  },
  {
    code: 'GUARD_DENYING_ALL',
    severity: 'critical',
    check: ({ figures }) =>
      figures.denyingAll === undefined
        ? 'unknown'
        : figures.denyingAll === 0
          ? undefined
          : { message: 'The guard denies everything: the rights cannot be read. See the log of the broker' },
  },
  {
    code: 'LOGIN_FAILURES',
    severity: 'warning',
    check({ gained }, { loginFailures: threshold }) {
      const count = gained('loginFailures', MINUTE_MS);
      if (count <= threshold) return undefined;
      return {
        message: `${count} logins were refused within a minute; see the audit log`,
        value: count,
        threshold,
      };
    },
  },
  happened(
    'RATE_LIMITED',
    'warning',
    'rateLimited',
    (count) => `${count} messages were dropped because a client sent too many; see the audit log`,
  ),
  happened(
    'RELOAD_FAILED',
    'warning',
    'reloadsFailed',
    () => 'A reload of the broker found a wrong file; see its log',
  ),
  happened('AUDIT_DROPPED', 'warning', 'auditDropped', (count) => `${count} audit events were lost`),
  {
    code: 'BROKER_RESTARTED',
    severity: 'info',
    check({ restartedAt, now }, { holdMs }) {
      if (restartedAt === undefined || now - restartedAt >= holdMs) return undefined;
      return { message: 'The broker was started anew' };
    },
  },
];
