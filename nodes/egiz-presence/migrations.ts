import type { Migrations } from '../shell/migrate';

/** Version 1: the first one. A flow written by hand may leave everything out. */
export const migrations: Migrations = [
  (config) => ({
    broker: '',
    devices: 'boards',
    telemetry: false,
    staleAfter: 150,
    flapChanges: 6,
    flapWindow: 600,
    forgetAfter: 7,
    contextStore: '',
    ...config,
  }),
];
