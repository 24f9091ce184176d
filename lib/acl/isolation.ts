import { EgizError } from '../errors/egiz-error';
import { filtersOverlap } from '../topics/filters';
import type { AccountRights, Right } from './rights';

/** Two accounts that meet on some topic. */
export interface Breach {
  readonly account: string;
  readonly other: string;
  readonly right: Right;
  readonly otherRight: Right;
}

interface Holding {
  readonly owner: AccountRights;
  readonly right: Right;
}

/**
 * Refuses rights by which a client or a device could reach the topics of another: neither may read, write or
 * listen in on what is another's. Services reach many by their role, and are not asked.
 * @throws EgizError `ACL_NOT_ISOLATED` naming both accounts and filters
 */
export function checkIsolation(accounts: readonly AccountRights[]): void {
  const breach = findBreach(accounts);
  if (breach === undefined) return;
  const { account, other, right, otherRight } = breach;
  throw new EgizError(
    'ACL_NOT_ISOLATED',
    `The inventory is refused: account "${account}" (${right.access} ${right.filter}) could reach the topics of "${other}" (${otherRight.access} ${otherRight.filter})`,
    { id: account, topic: right.filter, mend: 'Give the two accounts topics of their own in the inventory.' },
  );
}

export function findBreach(accounts: readonly AccountRights[]): Breach | undefined {
  const index = new FilterIndex();
  for (const owner of accounts) {
    if (owner.kind === 'service') continue;
    for (const right of owner.rights) {
      const met = index.overlapping(right.filter).find((held) => isBreach(held, { owner, right }));
      if (met !== undefined) {
        return { account: owner.account, other: met.owner.account, right, otherRight: met.right };
      }
    }
    for (const right of owner.rights) index.add(right.filter, { owner, right });
  }
  return undefined;
}

function isBreach(a: Holding, b: Holding): boolean {
  const { filter } = a.right;
  const together =
    a.right.access === 'read' &&
    b.right.access === 'read' &&
    filter === b.right.filter &&
    a.owner.shared.includes(filter) &&
    b.owner.shared.includes(filter);
  return !together;
}

/**
 * Filters by their levels before the first wildcard, so that ten thousand accounts are compared with few
 * others each: two filters can only overlap when one of these prefixes begins the other.
 */
class FilterIndex {
  private readonly byPrefix = new Map<string, Holding[]>();
  /** How many filters lie below a prefix, itself included. */
  private readonly below = new Map<string, Holding[]>();

  add(filter: string, holding: Holding): void {
    const prefixes = prefixesOf(filter);
    const own = prefixes.at(-1) ?? '';
    push(this.byPrefix, own, holding);
    for (const prefix of prefixes) push(this.below, prefix, holding);
  }

  overlapping(filter: string): Holding[] {
    const prefixes = prefixesOf(filter);
    const own = prefixes.at(-1) ?? '';
    const above = prefixes.slice(0, -1).flatMap((prefix) => this.byPrefix.get(prefix) ?? []);
    const candidates = [...above, ...(this.below.get(own) ?? [])];
    return candidates.filter(({ right }) => filtersOverlap(filter, right.filter));
  }
}

/** `a/b/+/c` has the prefixes `''`, `a` and `a/b`. */
function prefixesOf(filter: string): string[] {
  const levels = filter.split('/');
  const wildcard = levels.findIndex((level) => level === '+' || level === '#');
  const fixed = wildcard < 0 ? levels : levels.slice(0, wildcard);
  return ['', ...fixed.map((_, index) => fixed.slice(0, index + 1).join('/'))];
}

function push(map: Map<string, Holding[]>, key: string, holding: Holding): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [holding]);
  else list.push(holding);
}
