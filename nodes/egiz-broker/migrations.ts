import type { Migrations } from '../shell/migrate';

/** Version 1: the first one. A flow written by hand may leave everything out. */
export const migrations: Migrations = [
  (config) => ({
    url: 'mqtts://localhost:8885',
    tls: '',
    role: 'service',
    account: '',
    instance: '',
    sessionExpirySeconds: 86_400,
    keepalive: 30,
    maxInFlight: 100,
    ...config,
  }),
];
