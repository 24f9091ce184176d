import type { Migrations } from '../shell/migrate';

/** Version 1: the first one. A flow written by hand may leave everything out. */
export const migrations: Migrations = [
  (config) => ({
    broker: '',
    tenant: '',
    client: '',
    validate: true,
    schemaDir: '',
    dataDir: '',
    confirmSeconds: 60,
    ...config,
  }),
];
