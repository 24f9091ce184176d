import { FIGURES } from './figures';
import type { Alert, BrokerHealth } from './health';

/** `unknown`: the broker cannot be asked. */
export type HealthState = 'ok' | 'warning' | 'critical' | 'unknown';

interface AlertView {
  readonly code: string;
  readonly severity: Alert['severity'];
  readonly message: string;
  /** RFC 3339. */
  readonly since: string;
  readonly value?: number;
  readonly threshold?: number;
}

/** The metrics message. A figure that the broker has not told is null. */
export interface HealthMetrics {
  readonly broker: string;
  readonly at: string;
  readonly up: boolean;
  readonly version: string | null;
  readonly guard: boolean;
  readonly figures: Readonly<Record<string, number | null>>;
  /** Messages that wait for clients. */
  readonly queue: number | null;
  /** A second. */
  readonly rates: Readonly<Record<'published' | 'delivered' | 'bytesReceived' | 'bytesSent', number | null>>;
  /** Messages by topic family, as the guard counts them: `telemetry/thermal`, `status`, … */
  readonly families: Readonly<Record<string, { readonly count: number; readonly rate: number }>>;
  readonly alerts: readonly string[];
}

/** The message for a dashboard: what a person wants to know at a glance. */
export interface HealthDigest {
  readonly broker: string;
  readonly state: HealthState;
  /** One sentence. */
  readonly text: string;
  readonly at: string;
  readonly version: string | null;
  readonly uptime: string | null;
  readonly clients: number | null;
  readonly messagesIn: number | null;
  readonly messagesOut: number | null;
  readonly queue: number | null;
  readonly dropped: number | null;
  readonly guard: boolean;
  readonly alerts: readonly AlertView[];
}

export function metricsOf(health: BrokerHealth, broker: string, now: number): HealthMetrics {
  const rate = (counter: string) => rounded(health.rate(counter));
  return {
    broker,
    at: time(now),
    up: health.reachable,
    version: health.version ?? null,
    guard: health.hasGuard(now),
    figures: Object.fromEntries(FIGURES.map(({ name }) => [name, health.figures[name] ?? null])),
    queue: health.queue ?? null,
    rates: {
      published: rate('published'),
      delivered: rate('delivered'),
      bytesReceived: rate('bytesReceived'),
      bytesSent: rate('bytesSent'),
    },
    families: Object.fromEntries(health.families),
    alerts: health.alerts.map(({ code }) => code),
  };
}

export function digestOf(health: BrokerHealth, broker: string, now: number): HealthDigest {
  const { figures, version, queue } = health;
  const alerts = bySeverity(health.alerts);
  const [worst] = alerts;
  const digest = {
    broker,
    state: stateOf(health, worst),
    at: time(now),
    version: version ?? null,
    uptime: figures.uptimeSeconds === undefined ? null : duration(figures.uptimeSeconds),
    clients: figures.clientsConnected ?? null,
    messagesIn: rounded(health.rate('published')),
    messagesOut: rounded(health.rate('delivered')),
    queue: queue ?? null,
    dropped: figures.dropped ?? null,
    guard: health.hasGuard(now),
    alerts: alerts.map(alertView),
  };
  const calm = digest.state === 'unknown' ? 'Waiting for the figures of the broker' : 'All is well';
  return { ...digest, text: worst?.message ?? calm };
}

export function alertView({ code, severity, message, since, value, threshold }: Alert): AlertView {
  return {
    code,
    severity,
    message,
    since: time(since),
    ...(value === undefined ? {} : { value }),
    ...(threshold === undefined ? {} : { threshold }),
  };
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;

function bySeverity(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort((one, other) => RANK[one.severity] - RANK[other.severity]);
}

function stateOf(health: BrokerHealth, worst: Alert | undefined): HealthState {
  if (worst !== undefined && worst.severity !== 'info') return worst.severity;
  return health.alive ? 'ok' : 'unknown';
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 10) / 10;
}

/** The two greatest units: `3 d 4 h`. */
function duration(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  const first = units.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  let rest = Math.floor(seconds);
  return units
    .slice(first, first + 2)
    .map(([size, unit]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return `${count} ${unit}`;
    })
    .join(' ');
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
