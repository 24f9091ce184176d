import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { SECRET_MODE, writeFileAtomic } from '../files/atomic';
import type { JsonObject } from '../json/json';
import { parseIdentifier } from '../topics/identifiers';
import { DEVELOPMENT_KEY_PREFIX, DEVELOPMENT_MEMBER } from './key-source';

export const DEVELOPMENT_ISSUER = 'urn:openegiz:development';
export const DEVELOPMENT_AUDIENCE = 'openegiz-api';
/** The claim that carries the tenant, here and by default. */
export const DEFAULT_TENANT_CLAIM = 'tenant';

export interface TokenRequest {
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly subject: string;
  readonly hours: number;
}

/**
 * Mints tokens for `npm start`. Production cannot run it by accident: it opens only under EGIZ_DEVELOPMENT=1, and
 * every key of it is marked in its id and its JWK, which a verifier refuses everywhere else.
 */
export class DevelopmentIssuer {
  readonly #privateKey: JsonObject;
  /** The public keys, for a verifier. */
  readonly jwksFile: string;
  readonly #now: () => number;

  private constructor(privateKey: JsonObject, jwksFile: string, now: () => number) {
    this.#privateKey = privateKey;
    this.jwksFile = jwksFile;
    this.#now = now;
  }

  /**
   * Opens the issuer that lives in `directory`, making its key pair (EC P-256, private part 0600) at the first time.
   * @param options.development whether this process runs under EGIZ_DEVELOPMENT=1
   * @throws EgizError `NOT_DEVELOPMENT`
   */
  static open(
    directory: string,
    options: { readonly development: boolean; readonly now: () => number },
  ): DevelopmentIssuer {
    if (!options.development) {
      throw new EgizError('NOT_DEVELOPMENT', 'The development issuer was asked for outside development', {
        mend: 'Let your identity provider issue the tokens, or set EGIZ_DEVELOPMENT=1 on a test machine.',
      });
    }
    const keyFile = join(directory, 'signing-key.json');
    const jwksFile = join(directory, 'jwks.json');
    if (!existsSync(keyFile)) writeFileAtomic(keyFile, JSON.stringify(newKey(), null, 2), SECRET_MODE);
    const privateKey = JSON.parse(readFileSync(keyFile, 'utf8')) as JsonObject;
    const { d: _secret, ...publicKey } = privateKey;
    writeFileAtomic(jwksFile, JSON.stringify({ keys: [publicKey] }, null, 2));
    return new DevelopmentIssuer(privateKey, jwksFile, options.now);
  }

  /** @throws EgizError `INVALID_IDENTIFIER` for a tenant that is none */
  async mintToken({ tenant, scopes, subject, hours }: TokenRequest): Promise<string> {
    const { SignJWT } = await import('jose');
    const issuedAt = Math.floor(this.#now() / 1000);
    const claims = { [DEFAULT_TENANT_CLAIM]: parseIdentifier('tenant', tenant), scope: scopes.join(' ') };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: String(this.#privateKey.kid) })
      .setIssuer(DEVELOPMENT_ISSUER)
      .setAudience(DEVELOPMENT_AUDIENCE)
      .setSubject(subject)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + Math.round(hours * 3600))
      .sign(createPrivateKey({ key: this.#privateKey as never, format: 'jwk' }));
  }
}

function newKey(): JsonObject {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    ...(privateKey.export({ format: 'jwk' }) as JsonObject),
    alg: 'ES256',
    use: 'sig',
    kid: `${DEVELOPMENT_KEY_PREFIX}${randomUUID()}`,
    [DEVELOPMENT_MEMBER]: true,
  };
}
