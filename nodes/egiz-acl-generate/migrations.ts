import type { Migrations } from '../shell/migrate';

/** Version 1: the first one. A flow written by hand may leave out everything but the three paths. */
export const migrations: Migrations = [
  (config) => ({
    source: 'message',
    inventoryFile: '',
    aclFile: '',
    passwordFile: '',
    passwordDirectory: '',
    guardFile: '',
    mode: 'write',
    pidFile: '',
    ...config,
  }),
  // Version 2: the broker is asked whether it follows.
  (config) => ({ probeUrl: '', caFile: '', ...config }),
];
