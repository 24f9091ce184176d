import { join, resolve } from 'node:path';

/** The package's own directory: the checkout, or the installed package. This file is dist/cli/stack/home.js. */
export const PACKAGE_ROOT = resolve(__dirname, '../../..');

/** Everything one start keeps, all below one directory (SPEC 6). */
export interface HomePaths {
  readonly home: string;
  readonly readyFile: string;
  readonly lockFile: string;
  /** Ports chosen before, kept so that URLs stay what they were. */
  readonly portsFile: string;
  /** Processes started, so that the next start can end what a killed one left behind. */
  readonly runDirectory: string;
  readonly logDirectory: string;
  readonly pkiDirectory: string;
  readonly brokerDirectory: string;
  readonly tokenDirectory: string;
  readonly loginDirectory: string;
  readonly issuerDirectory: string;
  readonly nodeRedDirectory: string;
  readonly simulatorDirectory: string;
  /** Flash files of virtual boards, and what their processes read. */
  readonly boardsDirectory: string;
  /** `keys/` that sign updates, `images/` that boards fetch. */
  readonly otaDirectory: string;
  /** InfluxDB's tokens, `influxdb/` its data, `telegraf/` that one's configuration. */
  readonly archiveDirectory: string;
  readonly storeFile: string;
  /** The inventory in force: the one given, with what had to be added. */
  readonly inventoryFile: string;
  /** Debian packages unpacked for an ordinary user. */
  readonly packagesDirectory: string;
}

/** `--home`, else OPENEGIZ_HOME, else `.openegiz` in the checkout (SPEC 6). */
export function resolveHome(option: string | undefined, environment = process.env): string {
  const named = option ?? environment.OPENEGIZ_HOME;
  return named === undefined || named === '' ? join(PACKAGE_ROOT, '.openegiz') : resolve(named);
}

export function homePaths(home: string): HomePaths {
  const at = (name: string) => join(home, name);
  return {
    home,
    readyFile: at('ready.json'),
    lockFile: at('lock.json'),
    portsFile: at('ports.json'),
    runDirectory: at('run'),
    logDirectory: at('logs'),
    pkiDirectory: at('pki'),
    brokerDirectory: at('broker'),
    tokenDirectory: at('tokens'),
    loginDirectory: at('logins'),
    issuerDirectory: at('issuer'),
    nodeRedDirectory: at('node-red'),
    simulatorDirectory: at('simulator'),
    boardsDirectory: at('boards'),
    otaDirectory: at('ota'),
    archiveDirectory: at('archive'),
    storeFile: join(at('store'), 'store.sqlite'),
    inventoryFile: at('inventory.json'),
    packagesDirectory: at('packages'),
  };
}
