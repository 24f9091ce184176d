import type { Migrations } from '../shell/migrate';

/** Version 1: the first one. A flow written by hand may leave everything out. */
export const migrations: Migrations = [
  (config) => ({
    broker: '',
    interval: 10,
    silentAfter: 35,
    unreachableAfter: 5,
    queue: 10_000,
    lostPercent: 10,
    lostMinimum: 5,
    loginFailures: 10,
    hold: 300,
    guard: true,
    ...config,
  }),
];
