import { readFileSync } from 'node:fs';
import type { Right } from '../lib/acl/rights';
import type { Account, Endpoint, Login, Role } from '../lib/conformance/account';
import { expiredCertificate, revokedCertificate } from '../lib/conformance/bad-certificates';
import type { CheckOptions } from '../lib/conformance/context';
import { knownRights } from '../lib/conformance/known-rights';
import { EgizError, toEgizError } from '../lib/errors/egiz-error';
import type { Inventory } from '../lib/inventory/inventory';
import { linkSettings } from '../lib/mqtt/options';
import type { KeyPair } from '../lib/pki/certificates';
import { readInventory } from './inventory-file';

/** The flags of one account, all of them with the prefix of its part: `--second-account` and so on. */
export const ACCOUNT_FLAGS: Readonly<Record<Role, { readonly prefix: string; readonly part: string }>> = {
  first: { prefix: '', part: 'the account whose limits and rights are checked' },
  second: { prefix: 'second-', part: 'another of the same kind, which the first must not reach' },
  service: {
    prefix: 'service-',
    part: 'a service that reads what these two write and writes what they read',
  },
  monitor: { prefix: 'monitor-', part: 'the account that reads $SYS' },
};

/** What the command line says, by flag without its dashes. */
export type Flags = ReadonlyMap<string, string | readonly string[]>;

/** @throws EgizError `USAGE` where flags contradict each other or miss one another, or a system error's code */
export async function checkOptions(flags: Flags, restart?: () => Promise<void>): Promise<CheckOptions> {
  const url = text(flags, 'url') ?? '';
  const inventoryFile = text(flags, 'inventory');
  const inventory = inventoryFile === undefined ? undefined : readInventory(inventoryFile);
  const roles = Object.keys(ACCOUNT_FLAGS) as Role[];
  const accounts = roles.flatMap((role) => accountOf(flags, role, inventory) ?? []);
  const { expired, revoked } = await badCertificates(flags, accounts);
  const queueLimit = numberOf(flags, 'queue-limit');
  return {
    endpoint: endpointOf(url, flags),
    accounts,
    ...(expired === undefined ? {} : { expired }),
    ...(revoked === undefined ? {} : { revoked }),
    ...(queueLimit === undefined ? {} : { queueLimit }),
    ...(restart === undefined ? {} : { restart }),
  };
}

function accountOf(flags: Flags, role: Role, inventory: Inventory | undefined): Account | undefined {
  const { prefix } = ACCOUNT_FLAGS[role];
  const name = text(flags, `${prefix}account`);
  if (name === undefined) {
    const own = ['url', 'password-file', 'cert', 'key', 'read', 'write'].map((flag) => `${prefix}${flag}`);
    const stray = own.find((flag) => flag !== 'url' && flags.has(flag));
    if (stray !== undefined) throw usage(`--${stray} needs --${prefix}account`);
    return undefined;
  }
  return {
    role,
    name,
    endpoint: endpointOf(text(flags, `${prefix}url`) ?? text(flags, 'url') ?? '', flags),
    login: loginOf(flags, prefix),
    rights:
      rightsGiven(flags, prefix) ?? knownRights(role, name, inventory) ?? noRights(prefix, name, inventory),
  };
}

function loginOf(flags: Flags, prefix: string): Login {
  const passwordFile = text(flags, `${prefix}password-file`);
  const pair = pairOf(flags, prefix === '' ? '' : prefix.slice(0, -1));
  if ((passwordFile === undefined) === (pair === undefined)) {
    throw usage(
      `--${prefix}account needs either --${prefix}password-file or --${prefix}cert and --${prefix}key`,
    );
  }
  if (pair !== undefined) return { kind: 'certificate', cert: pair.certificate, key: pair.privateKey };
  return { kind: 'password', password: read(passwordFile ?? '').trim() };
}

function rightsGiven(flags: Flags, prefix: string): Right[] | undefined {
  const given = (['read', 'write'] as const).flatMap((access) =>
    list(flags, `${prefix}${access}`).map((filter) => ({ access, filter })),
  );
  return given.length === 0 ? undefined : given;
}

function noRights(prefix: string, name: string, inventory: Inventory | undefined): never {
  const what = inventory === undefined ? 'its topics are not known' : 'it is not in the inventory';
  throw usage(
    `--${prefix}account ${name}: ${what}; give --${prefix}read and --${prefix}write, or --inventory`,
  );
}

function endpointOf(url: string, flags: Flags): Endpoint {
  const caFile = text(flags, 'ca');
  const { host, port, tls } = asUsage(() => linkSettings({ url, clientId: 'check' }));
  return { url, host, port, secure: tls !== undefined, ca: caFile === undefined ? undefined : read(caFile) };
}

/** @param what `''` for the first account, else `second`, `expired` and so on */
function pairOf(flags: Flags, what: string): KeyPair | undefined {
  const prefix = what === '' ? '' : `${what}-`;
  const [cert, key] = [text(flags, `${prefix}cert`), text(flags, `${prefix}key`)];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw usage(`--${prefix}cert and --${prefix}key belong together`);
  return { certificate: read(cert), privateKey: read(key) };
}

/** By files; on a broker of our own also by its pki directory. */
async function badCertificates(
  flags: Flags,
  accounts: readonly Account[],
): Promise<{ readonly expired: KeyPair | undefined; readonly revoked: KeyPair | undefined }> {
  const given = { expired: pairOf(flags, 'expired'), revoked: pairOf(flags, 'revoked') };
  const account = accounts.find(({ login }) => login.kind === 'certificate');
  const directory = text(flags, 'pki');
  if (directory === undefined || account === undefined) return given;
  try {
    return {
      expired: given.expired ?? (await expiredCertificate(directory, account)),
      revoked: given.revoked ?? revokedCertificate(directory, account),
    };
  } catch (fault) {
    throw usage(`--pki ${directory}: ${toEgizError(fault).message}`);
  }
}

function numberOf(flags: Flags, flag: string): number | undefined {
  const value = text(flags, flag);
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw usage(`--${flag} must be a whole number above 0, not ${value}`);
}

function text(flags: Flags, flag: string): string | undefined {
  const value = flags.get(flag);
  return typeof value === 'string' ? value : undefined;
}

function list(flags: Flags, flag: string): readonly string[] {
  const value = flags.get(flag);
  return value === undefined || typeof value === 'string' ? [] : value;
}

function read(file: string): string {
  return asUsage(() => readFileSync(file, 'utf8'));
}

function asUsage<Value>(make: () => Value): Value {
  try {
    return make();
  } catch (fault) {
    throw usage(toEgizError(fault).message);
  }
}

function usage(message: string): EgizError {
  return new EgizError('USAGE', message, { mend: 'openegiz broker check --help tells more.' });
}
