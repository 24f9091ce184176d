import { createHash, createPrivateKey, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { EgizError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject } from '../json/json';
import { parseJson } from '../json/parse';
import { builtInSchemas } from '../schemas/built-in';
import { SchemaSet } from '../schemas/schema-set';
import type { SigningKey, TrustedKey } from './keys';

/** What a manifest says; `schemas/ota-manifest.json`. */
export interface Manifest {
  readonly product: string;
  readonly hardware: string;
  /** Semantic version, for people. */
  readonly version: string;
  /** Orders images. */
  readonly build: number;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly url: string;
  /** RFC 3339 UTC. */
  readonly expires: string;
  readonly allow_downgrade?: boolean;
}

/** The signed members of an `ota` command; what `ota sign` writes and a flow publishes. */
export interface SignedUpdate {
  /** JSON text: the signature is over exactly these bytes. */
  readonly manifest: string;
  /** Base64 of the ECDSA P-256 signature (SHA-256) in DER form. */
  readonly signature: string;
  readonly key_id: string;
}

/** Bytes of r and s; a signature of this length is in that form, as some tools write it. */
const RAW_SIGNATURE = 64;
const MAX_UPDATE_BYTES = 16 * 1024;

/** The manifest of an image: what is said of it, with its size and digest. */
export function manifestOf(image: Buffer, said: Omit<Manifest, 'size' | 'sha256'>): Manifest {
  const { product, hardware, version, build, url, expires, allow_downgrade } = said;
  const sha256 = createHash('sha256').update(image).digest('hex');
  const manifest = { product, hardware, version, build, size: image.length, sha256, url, expires };
  return allow_downgrade === true ? { ...manifest, allow_downgrade } : manifest;
}

/** @throws EgizError `MANIFEST_INVALID` for a manifest that no board would take, `OTA_KEY_INVALID` */
export function signUpdate(manifest: Manifest, key: SigningKey): SignedUpdate {
  const text = JSON.stringify(manifest);
  parseManifest(text);
  return {
    manifest: text,
    signature: sign('sha256', Buffer.from(text), privateKey(key)).toString('base64'),
    key_id: key.id,
  };
}

function privateKey({ privateKeyFile }: SigningKey) {
  try {
    return createPrivateKey(readFileSync(privateKeyFile));
  } catch {
    throw new EgizError('OTA_KEY_INVALID', `${privateKeyFile} is no private key that can be read`, {
      id: privateKeyFile,
    });
  }
}

/** @throws EgizError `OTA_UPDATE_INVALID` for what is not the signed part of an `ota` command */
export function parseUpdate(text: Buffer | string): SignedUpdate {
  const value = parseJson(text, { maxBytes: MAX_UPDATE_BYTES });
  const command = { ...(isJsonObject(value) ? value : {}), command: 'ota', id: 'update', device_id: '*' };
  const errors = SchemaSet.compile(builtInSchemas(['command']), { strict: true }).check('command', command);
  if (errors.length === 0) return value as unknown as SignedUpdate;
  throw new EgizError(
    'OTA_UPDATE_INVALID',
    `This is no signed update: ${errors[0]?.pointer} ${errors[0]?.message}`,
    {
      mend: 'It has the members manifest, signature and key_id, as openegiz ota sign writes them.',
      errors,
    },
  );
}

/**
 * Checks an update as a board does, in its order and with its codes: the key, the signature, and only then what
 * the manifest says.
 * @param now milliseconds since the Unix epoch
 * @throws EgizError `UNKNOWN_KEY`, `BAD_SIGNATURE`, `MANIFEST_INVALID`, `EXPIRED`
 */
export function verifyUpdate(update: SignedUpdate, trusted: readonly TrustedKey[], now: number): Manifest {
  const { key_id: id, manifest: text } = update;
  const key = trusted.find((one) => one.id === id);
  if (key === undefined) {
    const known = trusted.map((one) => one.id).join(', ');
    throw new EgizError('UNKNOWN_KEY', `No trusted key is called ${id}; there are ${known}`, { id });
  }
  const signature = Buffer.from(update.signature, 'base64');
  const dsaEncoding = signature.length === RAW_SIGNATURE ? 'ieee-p1363' : 'der';
  if (!verify('sha256', Buffer.from(text), { key: key.key, dsaEncoding }, signature)) {
    throw new EgizError('BAD_SIGNATURE', `The signature is not one of the key ${id} over this manifest`, {
      id,
    });
  }
  const manifest = parseManifest(text);
  if (Date.parse(manifest.expires) <= now) {
    throw new EgizError('EXPIRED', `The update expired at ${manifest.expires}`, { mend: 'Sign it again.' });
  }
  return manifest;
}

/** @throws EgizError `DIGEST_MISMATCH` when the image is not the one of the manifest */
export function checkImage({ size, sha256 }: Manifest, image: Buffer): void {
  if (image.length !== size) {
    throw new EgizError('DIGEST_MISMATCH', `The image has ${image.length} bytes, the manifest says ${size}`);
  }
  if (createHash('sha256').update(image).digest('hex') === sha256) return;
  throw new EgizError('DIGEST_MISMATCH', "The image's SHA-256 is not the one of the manifest");
}

function parseManifest(text: string): Manifest {
  const value = parseManifestText(text);
  const errors = SchemaSet.compile(builtInSchemas(['ota-manifest']), { strict: true }).check(
    'ota-manifest',
    value,
  );
  if (errors.length === 0) return value as unknown as Manifest;
  const why = `${errors[0]?.pointer} ${errors[0]?.message}`;
  throw new EgizError('MANIFEST_INVALID', `No board would take this manifest: ${why}`, { errors });
}

function parseManifestText(text: string): JsonObject {
  try {
    const value = parseJson(text, { maxBytes: MAX_UPDATE_BYTES });
    if (isJsonObject(value)) return value;
  } catch {
    // Not JSON at all: the same sentence.
  }
  throw new EgizError('MANIFEST_INVALID', 'The manifest is not a JSON object');
}
