import { readFile, stat } from 'node:fs/promises';
import type { JSONWebKeySet, JWK, JWTVerifyGetKey } from 'jose';
import { EgizError, toEgizError } from '../errors/egiz-error';
import { isJsonObject } from '../json/json';
import { parseJson } from '../json/parse';
import { isLoopback } from '../net/loopback';

/** The key id of every key the development issuer makes begins with this. */
export const DEVELOPMENT_KEY_PREFIX = 'development-';
/** A member of its JWKs that says the same. */
export const DEVELOPMENT_MEMBER = 'egiz_development';

const MAX_JWKS_BYTES = 256 * 1024;
const PUBLIC_TYPES: ReadonlySet<unknown> = new Set(['EC', 'RSA', 'OKP']);

export interface KeySourceOptions {
  /** An https URL (http only on the loopback address), or the path of a JWKS file. */
  readonly location: string;
  /** Accept keys of the development issuer. */
  readonly development: boolean;
}

/**
 * Where the issuer's public keys come from.
 * @throws EgizError `JWKS_LOCATION` for a URL that is not https
 */
export function keySource(options: KeySourceOptions): JWTVerifyGetKey {
  const { location } = options;
  const resolve = /^[a-z]+:\/\//i.test(location) ? remoteKeys(location) : fileKeys(options);
  if (options.development) return resolve;
  return async (header, token) => {
    if (header?.kid?.startsWith(DEVELOPMENT_KEY_PREFIX) === true) throw developmentKey(location);
    return resolve(header, token);
  };
}

function remoteKeys(location: string): JWTVerifyGetKey {
  const url = URL.parse(location);
  if (
    url === null ||
    (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
  ) {
    throw new EgizError('JWKS_LOCATION', `The keys' address ${location} is not an https URL`, {
      id: location,
      mend: 'Give an https URL, or the path of a file.',
    });
  }
  // One fetch at a time, cached 10 minutes, an unknown kid asks again after 30 s at the earliest.
  let keys: Promise<JWTVerifyGetKey> | undefined;
  return async (header, token) => {
    keys ??= import('jose').then(({ createRemoteJWKSet }) =>
      createRemoteJWKSet(url, { timeoutDuration: 5_000 }),
    );
    return (await keys)(header, token);
  };
}

/** The file is read again whenever it has changed. A file that became unreadable leaves the keys as they were. */
function fileKeys({ location, development }: KeySourceOptions): JWTVerifyGetKey {
  let version = '';
  let keys: JWTVerifyGetKey | undefined;
  return async (header, token) => {
    const { createLocalJWKSet } = await import('jose');
    try {
      const { mtimeMs, size, ino } = await stat(location);
      const found = `${mtimeMs} ${size} ${ino}`;
      if (found !== version) {
        keys = createLocalJWKSet(parseKeySet(await readFile(location), location, development));
        version = found;
      }
    } catch (fault) {
      if (keys === undefined) throw unreadable(location, fault);
    }
    if (keys === undefined) throw unreadable(location, 'it could not be read');
    return keys(header, token);
  };
}

function parseKeySet(text: Buffer, location: string, development: boolean): JSONWebKeySet {
  const document = parseJson(text, { maxBytes: MAX_JWKS_BYTES });
  const keys =
    isJsonObject(document) && Array.isArray(document.keys) ? document.keys.filter(isJsonObject) : [];
  if (keys.length === 0) throw new EgizError('JWKS_UNREADABLE', `${location} holds no keys`);
  for (const key of keys) {
    if (!PUBLIC_TYPES.has(key.kty) || 'd' in key) {
      throw new EgizError('JWKS_UNREADABLE', `${location} holds a key that is not public`, { id: location });
    }
    if (!development && isDevelopmentKey(key)) throw developmentKey(location);
  }
  return { keys: keys as unknown as JWK[] };
}

function isDevelopmentKey(key: Readonly<Record<string, unknown>>): boolean {
  return key[DEVELOPMENT_MEMBER] !== undefined || String(key.kid ?? '').startsWith(DEVELOPMENT_KEY_PREFIX);
}

function developmentKey(location: string): EgizError {
  return new EgizError('DEVELOPMENT_KEY', `${location} holds a key of the development issuer`, {
    id: location,
    mend: 'Use the keys of your identity provider. Only EGIZ_DEVELOPMENT=1 accepts this one.',
  });
}

function unreadable(location: string, fault: unknown): EgizError {
  if (fault instanceof EgizError) return fault;
  return new EgizError(
    'JWKS_UNREADABLE',
    `The keys in ${location} cannot be read: ${toEgizError(fault).message}`,
    {
      id: location,
      mend: 'Check the file and its owner.',
    },
  );
}
