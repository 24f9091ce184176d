import { EgizError } from '../errors/egiz-error';

/** SPEC 2: every identifier that becomes a topic level. */
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Limits that let the account `TENANT.CLIENT` fit an X.509 common name of 64 characters. */
export const MAX_TENANT_LENGTH = 24;
export const MAX_CLIENT_LENGTH = 39;

export type IdentifierKind =
  | 'tenant'
  | 'client'
  /** Part of a schema's name, `type/major`. */
  | 'client type'
  | 'factory'
  | 'equipment type'
  | 'equipment'
  | 'sensor type'
  | 'device'
  | 'service'
  | 'connection'
  | 'group';

const MAX_LENGTH: Partial<Record<IdentifierKind, number>> = {
  tenant: MAX_TENANT_LENGTH,
  client: MAX_CLIENT_LENGTH,
};

/** True when `value` may be used as the topic level `kind`. */
export function isIdentifier(kind: IdentifierKind, value: unknown): value is string {
  return typeof value === 'string' && IDENTIFIER.test(value) && value.length <= (MAX_LENGTH[kind] ?? 64);
}

/**
 * Returns `value` as an identifier of the given kind.
 * @throws EgizError `INVALID_IDENTIFIER` naming the kind and the rule.
 */
export function parseIdentifier(kind: IdentifierKind, value: unknown): string {
  if (isIdentifier(kind, value)) return value;
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : typeof value;
  throw new EgizError('INVALID_IDENTIFIER', `${shown} is not a valid ${kind} identifier`, {
    mend: `Use 1 to ${MAX_LENGTH[kind] ?? 64} letters, digits, "_" or "-", beginning with a letter or digit.`,
  });
}
