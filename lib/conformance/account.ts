import { isIP } from 'node:net';
import type { Right } from '../acl/rights';
import type { TlsOptions } from '../mqtt/options';
import { filtersOverlap } from '../topics/filters';

/** What part an account plays in the check. */
export type Role = 'first' | 'second' | 'service' | 'monitor';

/** A broker's address and what is needed to trust it. */
export interface Endpoint {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** False: `mqtt://`, without TLS. */
  readonly secure: boolean;
  /** PEM of the authorities that may have signed the broker's certificate; absent: the system's. */
  readonly ca: string | undefined;
}

export type Login =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'certificate'; readonly cert: string; readonly key: string };

/** One account the check may use. Whoever else is connected with it is disconnected meanwhile. */
export interface Account {
  readonly role: Role;
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly login: Login;
  readonly rights: readonly Right[];
}

export function tlsOf(endpoint: Endpoint, login?: Login): TlsOptions {
  return {
    ...(endpoint.ca === undefined ? {} : { ca: endpoint.ca }),
    ...(isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {}),
    ...(login?.kind === 'certificate' ? { cert: login.cert, key: login.key } : {}),
  };
}

export function filtersOf(account: Account, access: Right['access']): string[] {
  return account.rights.filter((right) => right.access === access).map(({ filter }) => filter);
}

export function covers(account: Account, access: Right['access'], topic: string): boolean {
  return filtersOf(account, access).some((filter) => filtersOverlap(filter, topic));
}

/**
 * A topic that both filters cover, with `unique` wherever they leave the choice; undefined when they share none.
 * `a/+/#` and `a/b/c/+` have `a/b/c/UNIQUE` in common.
 */
export function commonTopic(left: string, right: string, unique: string): string | undefined {
  if (!filtersOverlap(left, right)) return undefined;
  const [a, b] = [left.split('/'), right.split('/')];
  const levels: string[] = [];
  for (let index = 0; ; index++) {
    const [x, y] = [a[index], b[index]];
    // `a/#` also covers `a`.
    if ((x === '#' && y === undefined) || (x === undefined && y === '#')) return levels.join('/');
    if (x === '#' || y === '#') {
      const rest = (x === '#' ? b : a).slice(index);
      levels.push(...rest.map((level) => (level === '+' || level === '#' ? unique : level)));
      return levels.join('/');
    }
    if (x === undefined || y === undefined) return levels.join('/');
    const fixed = x === '+' ? y : x;
    levels.push(fixed === '+' ? unique : fixed);
  }
}

/** A topic the filter covers. */
export function topicOf(filter: string, unique: string): string {
  return commonTopic(filter, filter, unique) ?? filter;
}
