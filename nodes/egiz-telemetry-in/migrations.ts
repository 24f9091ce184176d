import type { Migrations } from '../shell/migrate';

/** Version 1: the first one. A flow written by hand may leave everything out. */
export const migrations: Migrations = [
  (config) => ({
    broker: '',
    topic: 'openegiz/+/+/+/+/telemetry',
    shared: false,
    output: 'single',
    batchSize: 500,
    batchMs: 1_000,
    policy: 'sample',
    queueLimit: 5_000,
    confirm: false,
    ...config,
  }),
];
