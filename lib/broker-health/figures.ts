/**
 * The figures that Mosquitto and the guard plugin publish below `$SYS/broker/`, and what we call them. A counter
 * only grows while the broker runs; a gauge goes both ways.
 */
export interface FigureKind {
  readonly topic: string;
  /** Name in the metrics message. */
  readonly name: string;
  /** Name for Prometheus, without the `egiz_broker_` before it. */
  readonly metric: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
}

const ROOT = '$SYS/broker/';
/** What the guard plugin publishes. */
export const GUARD_ROOT = `${ROOT}egiz/`;
/** Republished by the broker every `sys_interval`: the one figure that must move. */
export const UPTIME_TOPIC = `${ROOT}uptime`;
export const VERSION_TOPIC = `${ROOT}version`;
export const SYS_FILTER = '$SYS/#';

const gauge = (path: string, name: string, metric: string, help: string): FigureKind => ({
  topic: ROOT + path,
  name,
  metric,
  type: 'gauge',
  help,
});
const counter = (path: string, name: string, metric: string, help: string): FigureKind => ({
  topic: ROOT + path,
  name,
  metric: `${metric}_total`,
  type: 'counter',
  help,
});

export const FIGURES: readonly FigureKind[] = [
  gauge('uptime', 'uptimeSeconds', 'uptime_seconds', 'Seconds since the broker began'),
  gauge('clients/connected', 'clientsConnected', 'clients_connected', 'Clients that are connected'),
  gauge('clients/total', 'clientsTotal', 'clients', 'Clients with a session, connected or not'),
  gauge('clients/maximum', 'clientsMaximum', 'clients_maximum', 'Most clients connected at once'),
  counter('clients/expired', 'clientsExpired', 'clients_expired', 'Sessions that expired'),
  gauge('subscriptions/count', 'subscriptions', 'subscriptions', 'Subscriptions of all clients'),
  gauge('retained messages/count', 'retainedMessages', 'retained_messages', 'Messages kept as retained'),
  gauge(
    'store/messages/count',
    'storedMessages',
    'stored_messages',
    'Messages in store, retained ones included',
  ),
  gauge('store/messages/bytes', 'storedBytes', 'stored_bytes', 'Bytes of the messages in store'),
  gauge('heap/current', 'heapBytes', 'heap_bytes', 'Memory in use'),
  counter('publish/messages/received', 'published', 'publish_received', 'Messages that clients published'),
  counter('publish/messages/sent', 'delivered', 'publish_sent', 'Messages that clients were sent'),
  counter('publish/messages/dropped', 'dropped', 'publish_dropped', 'Messages lost because a queue was full'),
  counter('bytes/received', 'bytesReceived', 'bytes_received', 'Bytes from clients'),
  counter('bytes/sent', 'bytesSent', 'bytes_sent', 'Bytes to clients'),
  counter('egiz/clients/connects', 'connects', 'guard_connects', 'Logins that succeeded'),
  counter('egiz/clients/disconnects', 'disconnects', 'guard_disconnects', 'Connections that ended'),
  counter(
    'egiz/clients/takeovers',
    'takeovers',
    'guard_takeovers',
    'Connections ended by another with the same id',
  ),
  counter('egiz/auth/failures', 'loginFailures', 'guard_auth_failures', 'Logins that were refused'),
  counter('egiz/acl/denied', 'denied', 'guard_acl_denied', 'Publications, deliveries, subscriptions denied'),
  gauge(
    'egiz/acl/denying_all',
    'denyingAll',
    'guard_denying_all',
    '1: the rights cannot be read, all is denied',
  ),
  counter(
    'egiz/rate_limited',
    'rateLimited',
    'guard_rate_limited',
    'Messages dropped because of the rate limit',
  ),
  counter('egiz/reloads/failed', 'reloadsFailed', 'guard_reloads_failed', 'Reloads that found a wrong file'),
  counter('egiz/audit/dropped', 'auditDropped', 'guard_audit_dropped', 'Audit events that were lost'),
];

export type Figures = Readonly<Record<string, number>>;

/** Messages of one topic family, as the guard counts them. */
export interface FamilyFigures {
  readonly count: number;
  /** A second. */
  readonly rate: number;
}

const BY_TOPIC: ReadonlyMap<string, FigureKind> = new Map(FIGURES.map((kind) => [kind.topic, kind]));
/** More than the guard has; a broker that is none of ours might have any number. */
const MAX_FAMILIES = 64;

export function figureAt(topic: string): FigureKind | undefined {
  return BY_TOPIC.get(topic);
}

/** The number a figure begins with: Mosquitto writes `12 seconds`. Undefined for a text. */
export function numberIn(payload: string): number | undefined {
  const text = /^-?\d+(?:\.\d+)?(?=$| )/.exec(payload)?.[0];
  return text === undefined ? undefined : Number(text);
}

/** Message counts and rates by topic family (FR-5.6). */
export class Families {
  readonly #byName = new Map<string, FamilyFigures>();

  get all(): ReadonlyMap<string, FamilyFigures> {
    return this.#byName;
  }

  /** @returns false for a topic that tells of no family */
  note(topic: string, value: number): boolean {
    const match = /^\$SYS\/broker\/egiz\/messages\/(.+)\/(count|rate)$/.exec(topic);
    const [, name, member] = match ?? [];
    if (name === undefined || (member !== 'count' && member !== 'rate')) return false;
    const known = this.#byName.get(name) ?? { count: 0, rate: 0 };
    if (this.#byName.size >= MAX_FAMILIES && !this.#byName.has(name)) return false;
    this.#byName.set(name, { ...known, [member]: value });
    return true;
  }

  clear(): void {
    this.#byName.clear();
  }
}
