import type { SavedConfig } from '../shell/migrate';

export interface PublishConfig {
  readonly store: string;
  readonly broker: string;
  /** `broker`: by our own connection, acknowledged. `message`: a message for the core `mqtt out`, without. */
  readonly delivery: 'broker' | 'message';
  /** Requests per second and tenant; 0: no limit. */
  readonly rateLimit: number;
}

export function parseConfig(saved: SavedConfig): PublishConfig {
  const rate = Number(saved.rateLimit);
  return {
    store: String(saved.store ?? ''),
    broker: String(saved.broker ?? ''),
    delivery: saved.delivery === 'message' ? 'message' : 'broker',
    rateLimit: Number.isFinite(rate) && rate >= 0 ? rate : 500,
  };
}
