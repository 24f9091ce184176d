import type { HealthThresholds } from '../../lib/broker-health/alerts';
import type { SavedConfig } from '../shell/migrate';
import { numberOf } from '../shell/number';

export interface BrokerHealthConfig extends HealthThresholds {
  /** From one metrics message to the next. */
  readonly intervalMs: number;
}

const DAY = 86_400;

/**
 * Reads the node's saved configuration.
 * @throws EgizError `CONFIG_INVALID`
 */
export function parseConfig(saved: SavedConfig): BrokerHealthConfig {
  const milliseconds = (value: unknown, what: string, from: number) =>
    numberOf(value, what, { from, to: DAY }) * 1000;
  const count = (value: unknown, what: string, from: number) =>
    numberOf(value, what, { from, to: Number.MAX_SAFE_INTEGER, whole: true });
  return {
    intervalMs: milliseconds(saved.interval, 'time between two metrics messages', 0.2),
    silentAfterMs: milliseconds(saved.silentAfter, 'time without figures', 0.5),
    unreachableAfterMs: milliseconds(saved.unreachableAfter, 'time without a connection', 0),
    queue: count(saved.queue, 'limit of waiting messages', 0),
    lostClientsPercent: numberOf(saved.lostPercent, 'share of lost clients', { from: 0, to: 100 }),
    lostClientsMinimum: count(saved.lostMinimum, 'number of lost clients', 1),
    loginFailures: count(saved.loginFailures, 'limit of refused logins', 0),
    holdMs: milliseconds(saved.hold, 'time an alert of an event stays', 1),
    guard: saved.guard !== false,
  };
}
