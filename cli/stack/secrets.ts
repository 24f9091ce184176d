import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_MODE, writeFileAtomic } from '../../lib/files/atomic';
import type { Inventory } from '../../lib/inventory/inventory';
import { DevelopmentIssuer } from '../../lib/jwt/development-issuer';
import type { HomePaths } from './home';

/** A login of the editor or of a dashboard (SPEC 6). */
export interface Login {
  readonly username: string;
  readonly passwordFile: string;
}

export const DASHBOARD_ROLES = ['admin', 'viewer'] as const;
export type DashboardRole = (typeof DASHBOARD_ROLES)[number];

/** `editor` and `dashboard:ROLE`. */
export type Logins = Readonly<Record<'editor' | `dashboard:${DashboardRole}`, Login>>;

const SECRET_BYTES = 24;
const TOKEN_HOURS = 24;
/** Tokens are minted anew long before they expire, so that a file never holds a dead one. */
export const TOKEN_REFRESH_MS = 6 * 3_600_000;

const TOKEN_SCOPES: Readonly<Record<DashboardRole, readonly string[]>> = {
  admin: ['config:read', 'config:write'],
  viewer: ['config:read'],
};

/** Makes the logins' passwords at the first start and keeps them over the next. */
export function ensureLogins(paths: HomePaths): Logins {
  const login = (name: string, username: string): Login => ({
    username,
    passwordFile: ensureSecret(join(paths.loginDirectory, name)),
  });
  return {
    editor: login('editor', 'editor'),
    'dashboard:admin': login('dashboard-admin', 'admin'),
    'dashboard:viewer': login('dashboard-viewer', 'viewer'),
  };
}

/** A file with a random secret in it, kept when it is there. */
export function ensureSecret(file: string): string {
  if (!existsSync(file))
    writeFileAtomic(file, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`, SECRET_MODE);
  return file;
}

/** `TENANT:admin` and `TENANT:viewer` -> the file with the token. */
export type TokenFiles = Readonly<Record<string, string>>;

/** Mints a token for each tenant and role, and says where the issuer's public keys are. */
export async function mintTokens(
  inventory: Inventory,
  paths: HomePaths,
): Promise<{ readonly tokens: TokenFiles; readonly jwksFile: string }> {
  const issuer = DevelopmentIssuer.open(paths.issuerDirectory, { development: true, now: Date.now });
  const tokens: [string, string][] = [];
  for (const { id: tenant } of inventory.tenants) {
    for (const role of DASHBOARD_ROLES) {
      const file = join(paths.tokenDirectory, `${tenant}.${role}`);
      const scopes = TOKEN_SCOPES[role];
      const token = await issuer.mintToken({
        tenant,
        scopes,
        subject: `${role}@${tenant}`,
        hours: TOKEN_HOURS,
      });
      writeFileAtomic(file, `${token}\n`, SECRET_MODE);
      tokens.push([`${tenant}:${role}`, file]);
    }
  }
  return { tokens: Object.fromEntries(tokens), jwksFile: issuer.jwksFile };
}

/** Tokens of tenants that are no longer there would open what nobody owns. */
export function forgetTokens(paths: HomePaths): void {
  rmSync(paths.tokenDirectory, { recursive: true, force: true });
}
