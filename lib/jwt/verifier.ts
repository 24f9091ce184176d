import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { EgizError, toEgizError } from '../errors/egiz-error';
import type { Auth } from '../http/auth';
import { type ProblemResponse, problem } from '../http/problem';
import { isIdentifier } from '../topics/identifiers';

/** SPEC 3: nothing else, and never an algorithm with a shared secret. */
export const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'] as const;
const CLOCK_SKEW_SECONDS = 5;
const MAX_TOKEN_LENGTH = 8192;
const MAX_SUBJECT_LENGTH = 255;

export interface VerifierOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
  /** The claim that names the tenant. */
  readonly tenantClaim: string;
  readonly now: () => Date;
}

export type Verification =
  | { readonly auth: Auth }
  /** 401, 403, or 503 while the issuer's keys cannot be had; `fault` then says why, to the operator alone. */
  | { readonly problem: ProblemResponse; readonly fault?: EgizError };

/** Verifies bearer tokens (RFC 6750, RFC 7519, RFC 8725). */
export class TokenVerifier {
  readonly #options: VerifierOptions;

  /** @throws EgizError `CONFIG_INVALID` */
  constructor(options: VerifierOptions) {
    for (const name of ['issuer', 'audience', 'tenantClaim'] as const) {
      if (options[name] === '') {
        throw new EgizError('CONFIG_INVALID', `The ${name} of the tokens is not set`, {
          mend: 'Without it tokens meant for others would be accepted.',
        });
      }
    }
    this.#options = options;
  }

  /**
   * @param authorization the header as it came
   * @param scope what the token must grant; without one, any valid token will do
   */
  async verify(authorization: unknown, scope?: string): Promise<Verification> {
    const token = bearerToken(authorization);
    if (token === undefined) return { problem: missingToken() };
    try {
      const auth = this.#authOf(await this.#payloadOf(token));
      if (scope !== undefined && !auth.scopes.includes(scope)) return { problem: missingScope(scope) };
      return { auth };
    } catch (fault) {
      return (
        (await refusalOf(fault)) ?? {
          problem: keysUnavailable(),
          fault: toEgizError(fault, 'KEYS_UNAVAILABLE'),
        }
      );
    }
  }

  async #payloadOf(token: string): Promise<JWTPayload> {
    const { jwtVerify } = await import('jose');
    const { issuer, audience, keys, now } = this.#options;
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...ALGORITHMS],
      issuer,
      audience,
      clockTolerance: CLOCK_SKEW_SECONDS,
      requiredClaims: ['exp', 'sub'],
      currentDate: now(),
    });
    return payload;
  }

  #authOf(payload: JWTPayload): Auth {
    const { sub } = payload;
    if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT_LENGTH) {
      throw new EgizError('TOKEN_INVALID', 'The token names no subject');
    }
    const tenantId: unknown = payload[this.#options.tenantClaim];
    if (!isIdentifier('tenant', tenantId)) {
      throw new EgizError('TOKEN_INVALID', `The token names no tenant in "${this.#options.tenantClaim}"`);
    }
    return { subject: sub, tenantId, scopes: scopesOf(payload.scope) };
  }
}

/** RFC 8693 section 4.2 says a string; some issuers send a list. */
function scopesOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((scope) => scope !== '');
  return Array.isArray(claim) ? claim.filter((scope) => typeof scope === 'string') : [];
}

function bearerToken(authorization: unknown): string | undefined {
  if (typeof authorization !== 'string' || authorization.length > MAX_TOKEN_LENGTH) return undefined;
  return /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1];
}

function missingToken(): ProblemResponse {
  return problem(401, 'TOKEN_MISSING', 'Send "Authorization: Bearer TOKEN" with this request.', {
    headers: { 'www-authenticate': 'Bearer realm="openegiz"' },
  });
}

function missingScope(scope: string): ProblemResponse {
  return problem(403, 'SCOPE_MISSING', `The token does not grant "${scope}".`, {
    headers: { 'www-authenticate': `Bearer realm="openegiz", error="insufficient_scope", scope="${scope}"` },
  });
}

function invalidToken(code: string, detail: string): ProblemResponse {
  return problem(401, code, detail, {
    headers: {
      'www-authenticate': `Bearer realm="openegiz", error="invalid_token", error_description="${detail.replaceAll('"', "'")}"`,
    },
  });
}

/** Codes of jose by which the issuer's keys, not the token, are at fault. */
const KEY_FAULTS: ReadonlySet<string> = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

/** The answer when the token is at fault; undefined when it is not. */
async function refusalOf(fault: unknown): Promise<{ readonly problem: ProblemResponse } | undefined> {
  const { errors } = await import('jose');
  const refuse = (detail: string, code = 'TOKEN_INVALID') => ({ problem: invalidToken(code, detail) });
  if (fault instanceof errors.JWTExpired) return refuse('The token has expired.', 'TOKEN_EXPIRED');
  if (fault instanceof errors.JWTClaimValidationFailed) {
    return refuse(`The token's claim "${fault.claim}" is not accepted here.`);
  }
  if (fault instanceof errors.JWKSNoMatchingKey) {
    return refuse('The token is signed by a key that is not known here.');
  }
  if (fault instanceof errors.JOSEError && !KEY_FAULTS.has(fault.code))
    return refuse('The token is not valid.');
  if (!(fault instanceof EgizError)) return undefined;
  if (fault.code === 'TOKEN_INVALID') return refuse(`${fault.message}.`);
  if (fault.code !== 'DEVELOPMENT_KEY') return undefined;
  return refuse('Tokens of the development issuer are not accepted here.', 'DEVELOPMENT_KEY');
}

function keysUnavailable(): ProblemResponse {
  return problem(503, 'KEYS_UNAVAILABLE', "The issuer's keys cannot be had at the moment. Try again.", {
    headers: { 'retry-after': '5' },
  });
}
