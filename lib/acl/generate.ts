import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { SECRET_MODE, writeFileAtomic, writeFileQuickly } from '../files/atomic';
import { clientsOf, devicesOf, type Inventory } from '../inventory/inventory';
import { type Access, type AccessDiff, diffAccess } from './diff';
import { parseGuardAccounts, renderGuardAccounts } from './guard';
import { checkIsolation } from './isolation';
import {
  hashPassword,
  isHashOf,
  type PasswordHashes,
  parseAcl,
  parsePasswords,
  renderAcl,
  renderPasswords,
} from './mosquitto';
import { type AccountRights, rightsOf } from './rights';

/** Where the broker's accounts live. */
export interface AccessFiles {
  readonly aclFile: string;
  readonly passwordFile: string;
  /** Kinds and limits for the guard plugin; absent where it is not used. */
  readonly guardFile?: string;
  /** One file an account that logs in with a password, with the password in it and mode 0600. */
  readonly passwordDirectory: string;
}

export interface GeneratedAccess {
  readonly accounts: readonly AccountRights[];
  readonly diff: AccessDiff;
  /** Whether anything was written. */
  readonly changed: boolean;
}

/** 192 bits; SPEC 4 asks for at least 128. */
const PASSWORD_BYTES = 24;

/**
 * Brings acl_file, password file and the guard's account file in line with the inventory. Passwords that are
 * there are kept, missing ones made. Nothing is written when the inventory is refused, when nothing differs, or
 * with `dryRun`.
 * @throws EgizError `ACL_NOT_ISOLATED`, `ACL_PASSWORD_TOO_SHORT`, or a system error's code
 */
export async function generateAccess(
  inventory: Inventory,
  files: AccessFiles,
  options: { readonly dryRun?: boolean } = {},
): Promise<GeneratedAccess> {
  const accounts = rightsOf(inventory);
  checkIsolation(accounts);
  const before = readAccess(files);
  const passwords = collectPasswords(passwordAccounts(inventory), files.passwordDirectory);
  const hashes = await hashAll(passwords, before);
  const texts = renderAll(accounts, hashes, files);
  const diff = diffAccess(before, accessIn(texts, files));
  const same = [...texts].every(([file, text]) => existsSync(file) && readFileSync(file, 'utf8') === text);
  if (options.dryRun === true || (same && passwords.made.length === 0)) {
    return { accounts, diff, changed: false };
  }
  // The passwords first: an account that exists before its password can be read would lock its owner out.
  // One lost in a power cut is made anew by the next run, together with its hash.
  for (const [account, password] of passwords.made) {
    writeFileQuickly(join(files.passwordDirectory, account), `${password}\n`, SECRET_MODE);
  }
  writeTogether(texts);
  return { accounts, diff, changed: true };
}

/** Accounts that log in with a password, in the order of their names. */
export function passwordAccounts(inventory: Inventory): string[] {
  const logins = [
    ...clientsOf(inventory).map(({ account, client }) => ({ account, login: client.login })),
    ...devicesOf(inventory).map(({ account, device }) => ({ account, login: device.login })),
    ...inventory.services.map(({ id, login }) => ({ account: id, login })),
  ];
  return logins
    .filter(({ login }) => login === 'password')
    .map(({ account }) => account)
    .sort();
}

interface Passwords {
  readonly byAccount: ReadonlyMap<string, string>;
  /** Those that are not on disk yet. */
  readonly made: readonly (readonly [account: string, password: string])[];
}

function collectPasswords(accounts: readonly string[], directory: string): Passwords {
  const byAccount = new Map<string, string>();
  const made: [string, string][] = [];
  for (const account of accounts) {
    const file = join(directory, account);
    const kept = existsSync(file) ? readPassword(account, file) : undefined;
    const password = kept ?? randomBytes(PASSWORD_BYTES).toString('base64url');
    if (kept === undefined) made.push([account, password]);
    byAccount.set(account, password);
  }
  return { byAccount, made };
}

/** Few hash iterations are only safe with passwords nobody can guess (SPEC 4). */
const MIN_PASSWORD_LENGTH = 22;

function readPassword(account: string, file: string): string {
  const password = readFileSync(file, 'utf8').trim();
  if (password.length >= MIN_PASSWORD_LENGTH) return password;
  throw new EgizError('ACL_PASSWORD_TOO_SHORT', `The password of "${account}" in ${file} is too short`, {
    id: account,
    mend: `Remove the file to have one made, or put at least ${MIN_PASSWORD_LENGTH} random characters in it.`,
  });
}

async function hashAll(passwords: Passwords, before: Access): Promise<ReadonlyMap<string, string>> {
  const hashes = [...passwords.byAccount].map(async ([account, password]) => {
    const old = before.hashes.get(account);
    const kept = old !== undefined && (await isHashOf(password, old));
    return [account, kept ? old : await hashPassword(password)] as const;
  });
  return new Map(await Promise.all(hashes));
}

/** The content of each of the broker's files, in the order in which they are written. */
function renderAll(
  accounts: readonly AccountRights[],
  hashes: PasswordHashes,
  { aclFile, passwordFile, guardFile }: AccessFiles,
): ReadonlyMap<string, string> {
  const texts = new Map([
    [aclFile, renderAcl(accounts)],
    [passwordFile, renderPasswords(hashes)],
  ]);
  if (guardFile !== undefined) texts.set(guardFile, renderGuardAccounts(accounts));
  return texts;
}

function accessIn(texts: ReadonlyMap<string, string>, files: AccessFiles): Access {
  const text = (path: string | undefined) => (path === undefined ? '' : (texts.get(path) ?? ''));
  return {
    rules: parseAcl(text(files.aclFile)),
    hashes: parsePasswords(text(files.passwordFile)),
    limits: parseGuardAccounts(text(files.guardFile)),
  };
}

function readAccess(files: AccessFiles): Access {
  const paths = [files.aclFile, files.passwordFile, files.guardFile].filter((path) => path !== undefined);
  const present = paths.filter((path) => existsSync(path));
  return accessIn(new Map(present.map((path) => [path, readFileSync(path, 'utf8')])), files);
}

/** All files or none: when one cannot be replaced, those before it get their old content back. */
function writeTogether(texts: ReadonlyMap<string, string>): void {
  const replaced: (readonly [path: string, old: Buffer])[] = [];
  try {
    for (const [path, text] of texts) {
      const old = existsSync(path) ? readFileSync(path) : undefined;
      writeFileAtomic(path, text, modeOf(path));
      if (old !== undefined) replaced.push([path, old]);
    }
  } catch (fault) {
    for (const [path, old] of replaced) writeFileAtomic(path, old, modeOf(path));
    throw fault;
  }
}

/** A file that is there keeps its mode: an operator may have given the broker's group the right to read it. */
function modeOf(path: string): number {
  return existsSync(path) ? statSync(path).mode & 0o777 : SECRET_MODE;
}
