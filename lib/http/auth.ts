import { EgizError } from '../errors/egiz-error';
import { isJsonObject } from '../json/json';
import { isIdentifier } from '../topics/identifiers';

/** Who asks, as `egiz-jwt-verify` or the dashboard's session has established. */
export interface Auth {
  /** The token's subject, or the user's name. */
  readonly subject: string;
  readonly tenantId: string;
  readonly scopes: readonly string[];
}

export type Scope = 'config:read' | 'config:write';

/**
 * Takes `msg.auth` and checks that it grants `scope`: the flow in front may have been changed.
 * @throws EgizError `NOT_AUTHENTICATED`, `SCOPE_MISSING`
 */
export function requireAuth(value: unknown, scope: Scope): Auth {
  const auth = isJsonObject(value) ? (value as Partial<Record<keyof Auth, unknown>>) : {};
  const { subject, tenantId, scopes } = auth;
  if (typeof subject !== 'string' || !isIdentifier('tenant', tenantId) || !Array.isArray(scopes)) {
    throw new EgizError('NOT_AUTHENTICATED', 'The request has not been authenticated', {
      mend: 'Send a bearer token; in the flow, put egiz-jwt-verify before this node.',
    });
  }
  if (!scopes.includes(scope)) {
    throw new EgizError('SCOPE_MISSING', `"${subject}" lacks the scope ${scope}`, { id: subject });
  }
  return { subject, tenantId, scopes: scopes.map(String) };
}
