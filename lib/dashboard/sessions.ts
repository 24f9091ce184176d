import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isJsonObject } from '../json/json';
import type { User, UserDirectory } from '../users/user-directory';

export interface Session {
  readonly id: string;
  readonly user: User;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

export interface SessionOptions {
  /** Signs the cookies; a new one ends every session. */
  readonly secret: string;
  readonly users: UserDirectory;
  readonly lifetimeMs: number;
  readonly now: () => number;
}

const MAX_COOKIE_LENGTH = 1024;

/**
 * Sessions in signed cookies, so that they outlive a restart. A session ends with its time, a logout, a new signing
 * secret, or a change of its user's password, role or tenant. (A logout is forgotten at a restart.)
 */
export class Sessions {
  readonly #options: SessionOptions;
  readonly #revoked = new Map<string, number>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The cookie's value for a user who has just logged in. */
  open(user: User): { readonly value: string; readonly session: Session } {
    const session = {
      id: randomBytes(16).toString('base64url'),
      user,
      expiresAt: this.#options.now() + this.#options.lifetimeMs,
    };
    const body = Buffer.from(
      JSON.stringify({
        id: session.id,
        sub: user.username,
        exp: session.expiresAt,
        fp: this.#options.users.fingerprint(user.username),
      }),
    ).toString('base64url');
    return { session, value: `${body}.${this.#sign(body).toString('base64url')}` };
  }

  /** The session of a cookie's value, or undefined when it is forged, over, or its user has changed. */
  find(value: string | undefined): Session | undefined {
    if (value === undefined || value.length > MAX_COOKIE_LENGTH) return undefined;
    const [body, signature, ...rest] = value.split('.');
    if (body === undefined || signature === undefined || rest.length > 0) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const right = this.#sign(body);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return this.#read(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
  }

  revoke(session: Session): void {
    const now = this.#options.now();
    for (const [id, expiresAt] of this.#revoked) if (expiresAt <= now) this.#revoked.delete(id);
    this.#revoked.set(session.id, session.expiresAt);
  }

  #read(claims: unknown): Session | undefined {
    const { id, sub, exp, fp }: Record<string, unknown> = isJsonObject(claims) ? claims : {};
    if (typeof id !== 'string' || typeof sub !== 'string' || typeof exp !== 'number') return undefined;
    const user = this.#options.users.find(sub);
    if (user === undefined || fp !== this.#options.users.fingerprint(sub)) return undefined;
    if (exp <= this.#options.now() || this.#revoked.has(id)) return undefined;
    return { id, user, expiresAt: exp };
  }

  #sign(body: string): Buffer {
    return createHmac('sha256', this.#options.secret).update(`egiz-session:${body}`).digest();
  }
}
