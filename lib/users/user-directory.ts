import { createHash } from 'node:crypto';
import { EgizError } from '../errors/egiz-error';
import { isJsonObject, type JsonValue } from '../json/json';
import { isIdentifier } from '../topics/identifiers';
import { hashGeneratedPassword, hashPassword, parseHash, verifyPassword } from './passwords';

export const ROLES = ['admin', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** A person who may log in to the editor or to a dashboard. */
export interface User {
  readonly username: string;
  readonly role: Role;
  /** The only tenant this person may see on a dashboard; null for the operator's people, who see all. */
  readonly tenantId: string | null;
}

interface Entry extends User {
  readonly hash: string;
}

/** The users of one file: `{"users": [{"username", "password": "scrypt$…", "role", "tenant"?}]}`. */
export class UserDirectory {
  readonly #entries: ReadonlyMap<string, Entry>;
  /** Compared with when the name is unknown, which then takes as long as a wrong password. */
  #nobody: Promise<string> | undefined;

  private constructor(entries: readonly Entry[]) {
    this.#entries = new Map(entries.map((entry) => [entry.username, entry]));
  }

  /** @throws EgizError `USERS_FILE` naming the entry that is wrong */
  static parse(document: JsonValue): UserDirectory {
    const users = isJsonObject(document) && Array.isArray(document.users) ? document.users : [];
    if (users.length === 0) throw wrong('it has no "users"');
    const entries = users.map(parseEntry);
    if (new Set(entries.map(({ username }) => username)).size < entries.length) {
      throw wrong('a username is there twice');
    }
    return new UserDirectory(entries);
  }

  /** Users whose generated passwords are at hand in the clear: for development only. */
  static ofPasswords(users: readonly (User & { readonly password: string })[]): UserDirectory {
    return new UserDirectory(
      users.map(({ username, role, tenantId, password }) => {
        return { username, role, tenantId, hash: hashGeneratedPassword(password) };
      }),
    );
  }

  async authenticate(username: string, password: string): Promise<User | undefined> {
    const entry = this.#entries.get(username);
    this.#nobody ??= hashPassword('nobody');
    const matches = await verifyPassword(password, entry?.hash ?? (await this.#nobody));
    return entry !== undefined && matches ? userOf(entry) : undefined;
  }

  find(username: string): User | undefined {
    const entry = this.#entries.get(username);
    return entry === undefined ? undefined : userOf(entry);
  }

  /** Changes with the user's password, role and tenant: what was granted before ends then. */
  fingerprint(username: string): string | undefined {
    const entry = this.#entries.get(username);
    if (entry === undefined) return undefined;
    const facts = [entry.username, entry.hash, entry.role, entry.tenantId];
    return createHash('sha256').update(JSON.stringify(facts)).digest('base64url').slice(0, 22);
  }
}

function userOf({ username, role, tenantId }: Entry): User {
  return { username, role, tenantId };
}

function parseEntry(value: JsonValue, index: number): Entry {
  const { username, password, role, tenant }: Record<string, JsonValue | undefined> = isJsonObject(value)
    ? value
    : {};
  const place = `entry ${index + 1}`;
  if (typeof username !== 'string' || !/^[\p{L}\p{N}][\p{L}\p{N}@._-]{0,63}$/u.test(username)) {
    throw wrong(`${place} has no valid "username"`);
  }
  const known = ROLES.find((one) => one === role);
  if (known === undefined) throw wrong(`${place} has no "role" of ${ROLES.join(', ')}`);
  if (tenant !== undefined && !isIdentifier('tenant', tenant))
    throw wrong(`the "tenant" of ${place} is none`);
  if (typeof password !== 'string') throw wrong(`${place} has no "password"`);
  try {
    parseHash(password);
  } catch {
    throw wrong(`the "password" of ${place} is not a hash of the form scrypt$N$r$p$SALT$KEY`);
  }
  return { username, role: known, tenantId: tenant ?? null, hash: password };
}

function wrong(fault: string): EgizError {
  return new EgizError('USERS_FILE', `The users file is not valid: ${fault}`);
}
