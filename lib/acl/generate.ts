import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { Draft, rewriteFileAtomic, SECRET_MODE, writeFileQuickly } from '../files/atomic';
import { clientsOf, devicesOf, type Inventory } from '../inventory/inventory';
import { CANARY_ACCOUNT, canaryRights, generationOf } from './canary';
import { checkAclText, checkPasswordText } from './check';
import { type Access, type AccessDiff, diffAccess, isEmptyDiff } from './diff';
import { parseGuardAccounts, renderGuardAccounts } from './guard';
import { checkIsolation } from './isolation';
import { hashPassword, isHashOf, parseAcl, parsePasswords, renderAcl, renderPasswords } from './mosquitto';
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

/** What the broker is to be given: computed and checked, nothing written yet. */
export interface AccessPlan {
  readonly accounts: readonly AccountRights[];
  readonly diff: AccessDiff;
  /** Whether the files on disk say something else, or are not there. */
  readonly changes: boolean;
  /** The texts to write; without changes the ones that are there. */
  readonly aclText: string;
  readonly passwordText: string;
  /** Undefined where the guard plugin is not used. */
  readonly guardText: string | undefined;
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
 * Brings acl_file, password file and the guard's account file in line with the inventory. Passwords that are
 * there are kept, missing ones made. Nothing is written when the inventory is refused, when nothing differs, or
 * with `dryRun`.
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
 * Computes the files from the inventory.
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
  const guardText = files.guardFile === undefined ? undefined : renderGuardAccounts(accounts);
  const after: Access = {
    rules: parseAcl(aclText),
    hashes: await hashAll(passwords, before),
    limits: parseGuardAccounts(guardText ?? ''),
  };
  const diff = diffAccess(withoutCanary(before), withoutCanary(after));
  const same =
    isEmptyDiff(diff) && passwords.made.length === 0 && isOurs(present) && present.guardText === guardText;
  if (same) return { accounts, diff, changes: false, made: [], ...present };
  const passwordText = renderPasswords(after.hashes);
  return { accounts, diff, changes: true, aclText, passwordText, guardText, made: passwords.made };
}

type AccessTexts = Pick<AccessPlan, 'aclText' | 'passwordText' | 'guardText'>;

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
 * Writes a plan: all files or none, and none when one would not be understood to its end.
 * @param isReadable asked with each new file before anything is replaced; throws when the broker could not read it
 * @throws EgizError `ACL_FILE_INVALID`, `PASSWORD_FILE_INVALID`, `FILE_OWNER`, or a system error
 */
export function writeAccess(
  files: AccessFiles,
  plan: AccessTexts & Pick<AccessPlan, 'made'>,
  isReadable: (draft: string) => void = () => undefined,
): void {
  checkAclText(plan.aclText);
  checkPasswordText(plan.passwordText);
  // The passwords first: an account that exists before its password can be read would lock its owner out.
  // One lost in a power cut is made anew by the next run, together with its hash.
  for (const [account, password] of plan.made) {
    writeFileQuickly(join(files.passwordDirectory, account), `${password}\n`, SECRET_MODE);
  }
  writeTogether(files, plan, isReadable);
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

function readTexts(files: AccessFiles): AccessTexts {
  const text = (path: string | undefined) =>
    path !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  return {
    aclText: text(files.aclFile) ?? '',
    passwordText: text(files.passwordFile) ?? '',
    guardText: text(files.guardFile),
  };
}

function accessOf({ aclText, passwordText, guardText }: AccessTexts): Access {
  return {
    rules: parseAcl(aclText),
    hashes: parsePasswords(passwordText),
    limits: parseGuardAccounts(guardText ?? ''),
  };
}

/** The canary's topic changes with each generation, which is nobody's business. */
function withoutCanary({ rules, hashes, limits }: Access): Access {
  const others = <Value>(map: ReadonlyMap<string, Value>) =>
    new Map([...map].filter(([account]) => account !== CANARY_ACCOUNT));
  return { rules: others(rules), hashes: others(hashes), limits };
}

/** All files or none: when one cannot be replaced, those before it get their old content back. */
function writeTogether(files: AccessFiles, texts: AccessTexts, isReadable: (draft: string) => void): void {
  const drafts: Draft[] = [];
  const replaced: (readonly [path: string, old: Buffer | undefined])[] = [];
  try {
    drafts.push(new Draft(files.aclFile, texts.aclText));
    drafts.push(new Draft(files.passwordFile, texts.passwordText));
    if (files.guardFile !== undefined) drafts.push(guardDraft(files.guardFile, files, texts));
    for (const { draftPath } of drafts) isReadable(draftPath);
    for (const draft of drafts) {
      const old = existsSync(draft.path) ? readFileSync(draft.path) : undefined;
      draft.commit();
      replaced.push([draft.path, old]);
    }
  } catch (fault) {
    for (const draft of drafts.slice(replaced.length)) draft.discard();
    for (const [path, old] of replaced) if (old !== undefined) rewriteFileAtomic(path, old);
    throw fault;
  }
}

/** Where the guard is new, whoever reads the acl_file must be able to read this one too. */
function guardDraft(guardFile: string, { aclFile }: AccessFiles, { guardText = '' }: AccessTexts): Draft {
  return new Draft(guardFile, guardText, SECRET_MODE, existsSync(guardFile) ? guardFile : aclFile);
}
