import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError, toEgizError } from '../errors/egiz-error';
import { SECRET_MODE, writeFileAtomic } from '../files/atomic';
import { isJsonObject } from '../json/json';
import { parseJson } from '../json/parse';
import { isIdentifier } from '../topics/identifiers';

/**
 * The keys that sign updates (SPEC 4, SEC-8), in a directory: `ID.key.pem` and `ID.pub.pem` of each, and
 * `keys.json`, which says whose turn it is. Boards carry the public halves of the current and the next key, so
 * that an update signed with the current one can bring a board that trusts the one after next.
 */
export interface SigningKeys {
  readonly current: SigningKey;
  readonly next: SigningKey;
}

export interface SigningKey {
  /** `key_id` on the wire. */
  readonly id: string;
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
}

/** A public key that a board, or `ota verify`, trusts. */
export interface TrustedKey {
  readonly id: string;
  readonly key: KeyObject;
}

const TURNS = 'keys.json';
const PUBLIC_END = '.pub.pem';

/**
 * Makes the first two keys, `ota-1` and `ota-2`.
 * @throws EgizError `OTA_KEYS_EXIST`
 */
export function createSigningKeys(directory: string): SigningKeys {
  if (existsSync(join(directory, TURNS))) {
    throw new EgizError('OTA_KEYS_EXIST', `${directory} has keys already, and they are not overwritten`, {
      id: directory,
      mend: 'Name another directory, or let the next key take its turn with --rotate.',
    });
  }
  for (const id of ['ota-1', 'ota-2']) makeKey(directory, id);
  return takeTurns(directory, 'ota-1', 'ota-2');
}

/**
 * The next key becomes the current one, and a new key the next. The old one stays where it is: boards that have
 * not been updated since still need it.
 * @throws EgizError `OTA_KEYS_MISSING`
 */
export function rotateSigningKeys(directory: string): SigningKeys {
  const { next } = openSigningKeys(directory);
  const numbers = readdirSync(directory).map((name) => Number(/^ota-(\d+)\./.exec(name)?.[1] ?? 0));
  const id = `ota-${Math.max(...numbers) + 1}`;
  makeKey(directory, id);
  return takeTurns(directory, next.id, id);
}

/** @throws EgizError `OTA_KEYS_MISSING` */
export function openSigningKeys(directory: string): SigningKeys {
  const file = join(directory, TURNS);
  try {
    const turns = parseJson(readFileSync(file), { maxBytes: 4096 });
    if (!isJsonObject(turns)) throw new Error('it is not an object');
    return { current: namedKey(directory, turns.current), next: namedKey(directory, turns.next) };
  } catch (fault) {
    throw new EgizError('OTA_KEYS_MISSING', `${file} cannot be used: ${toEgizError(fault).message}`, {
      id: file,
      mend: `Make keys with: openegiz ota keygen --directory ${directory}`,
    });
  }
}

/**
 * Every public key of a directory, `ID.pub.pem` each: one of `createSigningKeys`, or the firmware's `keys/`.
 * @throws EgizError `OTA_KEYS_MISSING`, `OTA_KEY_INVALID`
 */
export function trustedKeys(directory: string): TrustedKey[] {
  const files = existsSync(directory)
    ? readdirSync(directory).filter((name) => name.endsWith(PUBLIC_END))
    : [];
  if (files.length === 0) {
    throw new EgizError('OTA_KEYS_MISSING', `${directory} has no public key (ID${PUBLIC_END})`, {
      id: directory,
    });
  }
  return files.map((name) => ({
    id: name.slice(0, -PUBLIC_END.length),
    key: readPublicKey(join(directory, name)),
  }));
}

function readPublicKey(file: string): KeyObject {
  try {
    const key = createPublicKey(readFileSync(file));
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // Not a key at all: the same sentence.
  }
  throw new EgizError('OTA_KEY_INVALID', `${file} is no P-256 public key in PEM form`, { id: file });
}

function makeKey(directory: string, id: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const files = filesOf(directory, id);
  writeFileAtomic(files.privateKeyFile, privateKey, SECRET_MODE);
  writeFileAtomic(files.publicKeyFile, publicKey);
}

function takeTurns(directory: string, current: string, next: string): SigningKeys {
  writeFileAtomic(join(directory, TURNS), `${JSON.stringify({ current, next }, null, 2)}\n`);
  return openSigningKeys(directory);
}

function namedKey(directory: string, id: unknown): SigningKey {
  if (isIdentifier('device', id)) return filesOf(directory, id);
  throw new Error('"current" and "next" must name a key each');
}

function filesOf(directory: string, id: string): SigningKey {
  return {
    id,
    privateKeyFile: join(directory, `${id}.key.pem`),
    publicKeyFile: join(directory, `${id}${PUBLIC_END}`),
  };
}
