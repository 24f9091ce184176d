import type { GuardAccounts } from './guard';
import type { AclRules, PasswordHashes } from './mosquitto';

/** What a generation changes for the broker. Never carries a password or a hash. */
export interface AccessDiff {
  readonly accountsAdded: readonly string[];
  readonly accountsRemoved: readonly string[];
  /** Accounts that keep their name and get another password. */
  readonly passwordsChanged: readonly string[];
  /** Accounts that keep their name and may send more or less than before, or are of another kind. */
  readonly limitsChanged: readonly string[];
  readonly rulesAdded: readonly RuleChange[];
  readonly rulesRemoved: readonly RuleChange[];
}

export interface RuleChange {
  readonly account: string;
  /** As it stands in the file, e.g. `write openegiz/#`. */
  readonly rule: string;
}

/** Accounts and rules as one set of files has them. */
export interface Access {
  readonly rules: AclRules;
  readonly hashes: PasswordHashes;
  /** Kinds and limits; empty where the guard plugin is not used. */
  readonly limits: GuardAccounts;
}

export function diffAccess(before: Access, after: Access): AccessDiff {
  const known = accountsOf(before);
  const wanted = accountsOf(after);
  return {
    accountsAdded: [...wanted].filter((account) => !known.has(account)).sort(),
    accountsRemoved: [...known].filter((account) => !wanted.has(account)).sort(),
    passwordsChanged: [...after.hashes]
      .filter(([account, hash]) => known.has(account) && before.hashes.get(account) !== hash)
      .map(([account]) => account)
      .sort(),
    limitsChanged: [...after.limits]
      .filter(([account, limits]) => known.has(account) && before.limits.get(account) !== limits)
      .map(([account]) => account)
      .sort(),
    rulesAdded: missing(after.rules, before.rules),
    rulesRemoved: missing(before.rules, after.rules),
  };
}

export function isEmptyDiff(diff: AccessDiff): boolean {
  return Object.values(diff).every((changes: readonly unknown[]) => changes.length === 0);
}

/** One line a change, `+` for what is new and `-` for what is gone. */
export function describeDiff(diff: AccessDiff): string[] {
  return [
    ...diff.accountsAdded.map((account) => `+ account ${account}`),
    ...diff.accountsRemoved.map((account) => `- account ${account}`),
    ...diff.passwordsChanged.map((account) => `~ password of ${account}`),
    ...diff.limitsChanged.map((account) => `~ limits of ${account}`),
    ...diff.rulesAdded.map(({ account, rule }) => `+ ${account}: ${rule}`),
    ...diff.rulesRemoved.map(({ account, rule }) => `- ${account}: ${rule}`),
  ];
}

/** An account is anybody who may log in or has rules; one who logs in by certificate has no hash. */
function accountsOf({ rules, hashes }: Access): ReadonlySet<string> {
  return new Set([...rules.keys(), ...hashes.keys()]);
}

function missing(from: AclRules, other: AclRules): RuleChange[] {
  return [...from].flatMap(([account, rules]) => {
    const present = new Set(other.get(account));
    return rules.filter((rule) => !present.has(rule)).map((rule) => ({ account, rule }));
  });
}
