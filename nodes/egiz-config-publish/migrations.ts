import type { Migrations } from '../shell/migrate';

/** Version 1: the first one. A flow written by hand may leave everything out. */
export const migrations: Migrations = [
  (config) => ({
    store: '',
    broker: '',
    delivery: 'broker',
    rateLimit: 500,
    outputs: config.delivery === 'message' ? 3 : 2,
    ...config,
  }),
];
