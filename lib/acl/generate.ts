import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { Draft, rewriteFileAtomic, SECRET_MODE, writeFileQuickly } from '../files/atomic';
import { clientsOf, devicesOf, type Inventory } from '../inventory/inventory';
import { CANARY_ACCOUNT, canaryRights, generationOf } from './canary';
import { checkAclText, checkPasswordText } from './check';
import { type Access, type AccessDiff, diffAccess, isEmptyDiff } from './diff';
import { checkIsolation } from './isolation';
import { hashPassword, isHashOf, parseAcl, parsePasswords, renderAcl, renderPasswords } from './mosquitto';
import { type AccountRights, rightsOf } from './rights';

/** Where the broker's accounts live. */
export interface AccessFiles {
  readonly aclFile: string;
  readonly passwordFile: string;
  /** One file an account that logs in with a password, with the password in it and mode 0600. */
  readonly passwordDirectory: string;
}

/** What the broker is to be given: computed and checked, nothing written yet. */
export interface AccessPlan {
  readonly accounts: readonly AccountRights[];
  readonly diff: AccessDiff;
  /** Whether the files on disk say something else, or are not there. */
  readonly changes: boolean;
  /** The texts to write; without changes the ones that are there. */
  readonly aclText: string;
  readonly passwordText: string;
  /** Passwords that are not on disk yet. */
  readonly made: readonly (readonly [account: string, password: string])[];
}

export interface GeneratedAccess {
  readonly accounts: readonly AccountRights[];
  readonly diff: AccessDiff;
  /** Whether anything was written. */
  readonly changed: boolean;
}

/** 192 bits; SPEC 4 asks for at least 128. */
const PASSWORD_BYTES = 24;
const GENERATION_BYTES = 8;

/**
 * Brings acl_file and password file in line with the inventory. Passwords that are there are kept, missing
 * ones made. Nothing is written when the inventory is refused, when nothing differs, or with `dryRun`.
 * For a broker that runs, see `applyAccess`.
 * @throws EgizError as `planAccess` and `writeAccess`
 */
export async function generateAccess(
  inventory: Inventory,
  files: AccessFiles,
  options: { readonly dryRun?: boolean } = {},
): Promise<GeneratedAccess> {
  const plan = await planAccess(inventory, files);
  const changed = plan.changes && options.dryRun !== true;
  if (changed) writeAccess(files, plan);
  return { accounts: plan.accounts, diff: plan.diff, changed };
}

/**
 * Computes both files from the inventory.
 * @throws EgizError `ACL_NOT_ISOLATED`, `ACL_PASSWORD_TOO_SHORT`
 */
export async function planAccess(inventory: Inventory, files: AccessFiles): Promise<AccessPlan> {
  const accounts = rightsOf(inventory);
  checkIsolation(accounts);
  const present = readTexts(files);
  const before = accessOf(present);
  const names = [...passwordAccounts(inventory), CANARY_ACCOUNT];
  const passwords = collectPasswords(names, files.passwordDirectory);
  const aclText = renderAcl([...accounts, canaryRights(randomBytes(GENERATION_BYTES).toString('hex'))]);
  const after: Access = { rules: parseAcl(aclText), hashes: await hashAll(passwords, before) };
  const diff = diffAccess(withoutCanary(before), withoutCanary(after));
  const same = isEmptyDiff(diff) && passwords.made.length === 0 && isOurs(present);
  if (same) return { accounts, diff, changes: false, made: [], ...present };
  const passwordText = renderPasswords(after.hashes);
  return { accounts, diff, changes: true, aclText, passwordText, made: passwords.made };
}

interface AccessTexts {
  readonly aclText: string;
  readonly passwordText: string;
}

/** True when both files are there and as we write them, so that only their content need be compared. */
function isOurs({ aclText, passwordText }: AccessTexts): boolean {
  try {
    checkAclText(aclText);
    checkPasswordText(passwordText);
  } catch {
    return false;
  }
  return generationOf(aclText) !== undefined;
}

/**
 * Writes a plan: both files or none, and neither when one would not be understood to its end.
 * @param isReadable asked with each new file before anything is replaced; throws when the broker could not read it
 * @throws EgizError `ACL_FILE_INVALID`, `PASSWORD_FILE_INVALID`, `FILE_OWNER`, or a system error
 */
export function writeAccess(
  files: AccessFiles,
  plan: Pick<AccessPlan, 'aclText' | 'passwordText' | 'made'>,
  isReadable: (draft: string) => void = () => undefined,
): void {
  checkAclText(plan.aclText);
  checkPasswordText(plan.passwordText);
  // The passwords first: an account that exists before its password can be read would lock its owner out.
  // One lost in a power cut is made anew by the next run, together with its hash.
  for (const [account, password] of plan.made) {
    writeFileQuickly(join(files.passwordDirectory, account), `${password}\n`, SECRET_MODE);
  }
  writeBoth(files, plan, isReadable);
}

/** Accounts that log in with a password, in the order of their names. */
export function passwordAccounts(inventory: Inventory): string[] {
  const logins = [
    ...clientsOf(inventory).map(({ account, client }) => ({ account, login: client.login })),
    ...devicesOf(inventory).map(({ account, device }) => ({ account, login: device.login })),
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

function readTexts(files: AccessFiles): AccessTexts {
  const text = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  return { aclText: text(files.aclFile), passwordText: text(files.passwordFile) };
}

function accessOf({ aclText, passwordText }: AccessTexts): Access {
  return { rules: parseAcl(aclText), hashes: parsePasswords(passwordText) };
}

/** The canary's topic changes with each generation, which is nobody's business. */
function withoutCanary({ rules, hashes }: Access): Access {
  const others = <Value>(map: ReadonlyMap<string, Value>) =>
    new Map([...map].filter(([account]) => account !== CANARY_ACCOUNT));
  return { rules: others(rules), hashes: others(hashes) };
}

/** Both files or none: when the second cannot be replaced, the first gets its old content back. */
function writeBoth(files: AccessFiles, texts: AccessTexts, isReadable: (draft: string) => void): void {
  const old = existsSync(files.aclFile) ? readFileSync(files.aclFile) : undefined;
  const drafts: Draft[] = [];
  let replaced = 0;
  try {
    drafts.push(new Draft(files.aclFile, texts.aclText));
    drafts.push(new Draft(files.passwordFile, texts.passwordText));
    for (const { draftPath } of drafts) isReadable(draftPath);
    for (const draft of drafts) {
      draft.commit();
      replaced += 1;
    }
  } catch (fault) {
    for (const draft of drafts.slice(replaced)) draft.discard();
    if (replaced === 1 && old !== undefined) rewriteFileAtomic(files.aclFile, old);
    throw fault;
  }
}
