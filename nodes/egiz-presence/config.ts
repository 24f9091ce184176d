import type { PresenceOptions } from '../../lib/presence/tracker';
import { CLIENT_STATUS_FILTER } from '../../lib/topics/clients';
import { SENSOR_STATUS_FILTERS, SENSOR_TELEMETRY_FILTER } from '../../lib/topics/sensors';
import type { SavedConfig } from '../shell/migrate';
import { numberOf } from '../shell/number';
import { textOf } from '../shell/text';

export interface PresenceConfig extends PresenceOptions {
  /** What the node's own connection subscribes to. */
  readonly filters: readonly string[];
  /** Where the devices are kept over a deploy; empty: in memory. */
  readonly contextStore: string;
}

const DAY_MS = 86_400_000;

/**
 * Reads the node's saved configuration.
 * @throws EgizError `CONFIG_INVALID`
 */
export function parseConfig(saved: SavedConfig): PresenceConfig {
  const { devices, telemetry } = saved;
  return {
    filters: [
      ...(devices === 'clients' ? [] : SENSOR_STATUS_FILTERS),
      ...(devices === 'clients' || telemetry !== true ? [] : [SENSOR_TELEMETRY_FILTER]),
      ...(devices === 'boards' ? [] : [CLIENT_STATUS_FILTER]),
    ],
    contextStore: textOf(saved.contextStore),
    staleAfterMs:
      numberOf(saved.staleAfter, 'time until a silent device is stale', { from: 0.5, to: 86_400 }) * 1000,
    flapChanges: numberOf(saved.flapChanges, 'number of changes that are flapping', {
      from: 2,
      to: 100,
      whole: true,
    }),
    flapWindowMs:
      numberOf(saved.flapWindow, 'time within which changes are flapping', { from: 0.5, to: 86_400 }) * 1000,
    forgetAfterMs:
      numberOf(saved.forgetAfter, 'time until a device is forgotten', { from: 0, to: 3650 }) * DAY_MS,
  };
}
