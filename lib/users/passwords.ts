import { randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { EgizError } from '../errors/egiz-error';

/** One of OWASP's choices for scrypt: 32 MiB a login, small enough for an edge device. */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** Bounds what a hash of a users file may make us compute. */
const MAX_MEMORY = 130 * 1024 * 1024;
const MAX_PASSWORD_BYTES = 1024;

const FORM = /^scrypt\$(\d{4,7})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{16,86})\$([A-Za-z0-9_-]{43})$/;

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

interface ParsedHash {
  readonly cost: Cost;
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** `scrypt$N$r$p$SALT$KEY`, base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return textOf(COST, salt, await derive(password, salt, COST));
}

/** For generated passwords, which no guessing finds: a tenth of a second at start would be wasted on them. */
export function hashGeneratedPassword(password: string): string {
  const cost = { N: 2 ** 12, r: 8, p: 1 };
  const salt = randomBytes(SALT_BYTES);
  return textOf(cost, salt, scryptSync(password, salt, KEY_BYTES, cost));
}

function textOf({ N, r, p }: Cost, salt: Buffer, key: Buffer): string {
  return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** @throws EgizError `PASSWORD_HASH` when the text is not a hash of ours */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const { cost, salt, key } = parseHash(hash);
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false;
  return timingSafeEqual(await derive(password, salt, cost), key);
}

/** @throws EgizError `PASSWORD_HASH` */
export function parseHash(hash: string): ParsedHash {
  const [, N, r, p, salt, key] = FORM.exec(hash) ?? [];
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const powerOfTwo = (cost.N & (cost.N - 1)) === 0;
  if (
    salt === undefined ||
    key === undefined ||
    !powerOfTwo ||
    128 * cost.N * cost.r > MAX_MEMORY ||
    cost.p > 4
  ) {
    throw new EgizError('PASSWORD_HASH', 'This is not a password hash of the form scrypt$N$r$p$SALT$KEY', {
      mend: 'Make it with hashPassword of @openegiz/node-red-edge.',
    });
  }
  return { cost, salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') };
}

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, { ...cost, maxmem: MAX_MEMORY }, (fault, key) =>
      fault === null ? resolve(key) : reject(fault),
    );
  });
}
