import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { LoginLimit } from '../users/login-limit';
import type { Role, User, UserDirectory } from '../users/user-directory';
import {
  answer,
  callerOf,
  cookieOf,
  isSameOrigin,
  type Next,
  type PageRequest,
  readForm,
  redirect,
  setSecurityHeaders,
} from './http';
import { type LoginFault, languageOf, loginPage } from './login-page';
import type { Session, Sessions } from './sessions';

/** Who a dashboard's messages come from: what flows find in `msg._client.user`. */
export interface DashboardUser {
  /** The same as `username`, under the name a token has for it. */
  readonly sub: string;
  readonly username: string;
  readonly roles: readonly Role[];
  /** The only tenant this person may see; null for the operator's people, who see all. */
  readonly tenantId: string | null;
  readonly scopes: readonly string[];
}

/** The part of a socket.io socket that the guard uses. */
export interface GuardedSocket {
  readonly request: { readonly headers: IncomingHttpHeaders };
  readonly data: { user?: DashboardUser; guarded?: true };
  disconnect(close?: boolean): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

export interface GuardOptions {
  readonly users: UserDirectory;
  readonly sessions: Sessions;
  /** The pages are served over HTTPS, here or by a proxy in front. */
  readonly secure: boolean;
  /** A proxy in front adds the caller's address to `X-Forwarded-For`. */
  readonly behindProxy: boolean;
  readonly now: () => number;
  /** Told of logins, logouts and refusals. */
  readonly audit: (event: string, detail: Readonly<Record<string, string>>) => void;
}

const SCOPES: Readonly<Record<Role, readonly string[]>> = {
  admin: ['config:read', 'config:write'],
  viewer: ['config:read'],
};
/** The longest timer that Node has; no session lasts longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function dashboardUser({ username, role, tenantId }: User): DashboardUser {
  return { sub: username, username, roles: [role], tenantId, scopes: SCOPES[role] };
}

/**
 * Guards the pages and the sockets of both dashboards: `httpNodeAuth` leaves their sockets open. Nobody gets in without
 * a session; a logout or the session's end drops its open sockets.
 */
export class DashboardGuard {
  readonly #options: GuardOptions;
  readonly #cookie: string;
  readonly #sockets = new Map<string, Set<GuardedSocket>>();
  /** One person's attempts; an address may be shared by a whole shift, and a name must not be locked by others. */
  readonly #personal: LoginLimit;
  readonly #address: LoginLimit;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#personal = new LoginLimit(5, options.now);
    this.#address = new LoginLimit(20, options.now);
    this.#cookie = options.secure ? '__Host-egiz_session' : 'egiz_session';
  }

  /** For `dashboard.middleware` and `ui.middleware`. */
  readonly middleware = (request: PageRequest, response: ServerResponse, next: Next): void => {
    setSecurityHeaders(response, this.#options.secure);
    const session = this.#sessionOf(request.headers);
    // Only the mount carries a base; the same list runs again on each of the dashboard's routes.
    if (request.baseUrl !== '' && (request.path === '/login' || request.path === '/logout')) {
      this.#serveLogin(request, response, session).catch(next);
      return;
    }
    if (session !== undefined) {
      request.user = dashboardUser(session.user);
      next();
      return;
    }
    if (request.baseUrl !== '' && isPage(request)) redirect(response, `${request.baseUrl}/login`);
    else answer(response, 401, 'Log in first.');
  };

  /** For `dashboard.ioMiddleware` and `ui.ioMiddleware`; it replaces their own Origin check. */
  readonly ioMiddleware = (socket: GuardedSocket, next: Next): void => {
    const { headers } = socket.request;
    const session = this.#sessionOf(headers);
    if (session === undefined || !isSameOrigin(headers)) {
      next(new Error('unauthorized'));
      return;
    }
    socket.data.user = dashboardUser(session.user);
    socket.data.guarded = true;
    this.#follow(session, socket);
    next();
  };

  /** For WebSocket nodes: a session, and a page of our own. */
  readonly verifyWebSocket = ({ req }: { readonly req: IncomingMessage }): boolean =>
    this.#sessionOf(req.headers) !== undefined && isSameOrigin(req.headers);

  /** The user of a request's session, for routes that take the session beside a bearer token. */
  userOf(headers: IncomingHttpHeaders): DashboardUser | undefined {
    const session = this.#sessionOf(headers);
    return session === undefined ? undefined : dashboardUser(session.user);
  }

  #sessionOf(headers: IncomingHttpHeaders): Session | undefined {
    return this.#options.sessions.find(cookieOf(headers, this.#cookie));
  }

  #follow(session: Session, socket: GuardedSocket): void {
    const sockets = this.#sockets.get(session.id) ?? new Set();
    this.#sockets.set(session.id, sockets.add(socket));
    const left = Math.min(session.expiresAt - this.#options.now(), MAX_TIMER_MS);
    const timer = setTimeout(() => socket.disconnect(true), left).unref();
    socket.on('disconnect', () => {
      clearTimeout(timer);
      sockets.delete(socket);
      if (sockets.size === 0) this.#sockets.delete(session.id);
    });
  }

  async #serveLogin(request: PageRequest, response: ServerResponse, session?: Session): Promise<void> {
    if (request.method === 'GET' && request.path === '/login') this.#showLogin(request, response, 200);
    else if (request.method !== 'POST') answer(response, 405, 'Use the form.');
    else if (!isSameOrigin(request.headers))
      answer(response, 403, 'The form of another site is not accepted.');
    else if (request.path === '/logout') this.#logOut(request, response, session);
    else await this.#logIn(request, response);
  }

  async #logIn(request: PageRequest, response: ServerResponse): Promise<void> {
    const form = await readForm(request);
    const username = (form?.get('username') ?? '').trim().slice(0, 64);
    const address = callerOf(request, this.#options.behindProxy);
    const person = `${address} ${username}`;
    const wait = Math.max(this.#personal.waitFor(person), this.#address.waitFor(address));
    if (wait > 0) {
      response.setHeader('retry-after', String(Math.ceil(wait / 1000)));
      this.#showLogin(request, response, 429, 'locked');
      return;
    }
    // Counted before the slow comparison, so that parallel guesses count, too.
    this.#personal.failed(person);
    this.#address.failed(address);
    const user = await this.#options.users.authenticate(username, form?.get('password') ?? '');
    if (user === undefined) {
      this.#options.audit('dashboard.login.refused', { username, address });
      this.#showLogin(request, response, 401, 'wrong');
      return;
    }
    this.#personal.succeeded(person);
    this.#address.succeeded(address);
    this.#options.audit('dashboard.login', { username, address });
    this.#welcome(request, response, user);
  }

  #welcome(request: PageRequest, response: ServerResponse, user: User): void {
    const { value, session } = this.#options.sessions.open(user);
    this.#setCookie(response, value, Math.round((session.expiresAt - this.#options.now()) / 1000));
    redirect(response, request.baseUrl);
  }

  #logOut(request: PageRequest, response: ServerResponse, session?: Session): void {
    if (session !== undefined) {
      this.#options.sessions.revoke(session);
      for (const socket of this.#sockets.get(session.id) ?? []) socket.disconnect(true);
      this.#options.audit('dashboard.logout', { username: session.user.username });
    }
    this.#setCookie(response, '', 0);
    redirect(response, `${request.baseUrl}/login`);
  }

  #showLogin(request: PageRequest, response: ServerResponse, status: number, fault?: LoginFault): void {
    const nonce = randomBytes(16).toString('base64');
    response.statusCode = status;
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('cache-control', 'no-store');
    response.setHeader(
      'content-security-policy',
      `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    );
    const language = languageOf(request.headers['accept-language']);
    response.end(loginPage(language, `${request.baseUrl}/login`, nonce, fault));
  }

  #setCookie(response: ServerResponse, value: string, seconds: number): void {
    const secure = this.#options.secure ? '; Secure' : '';
    const attributes = `Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
    response.setHeader('set-cookie', `${this.#cookie}=${value}; ${attributes}`);
  }
}

function isPage(request: PageRequest): boolean {
  return request.method === 'GET' && /text\/html/.test(request.headers.accept ?? '');
}
