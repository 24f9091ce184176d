import { EgizError } from '../errors/egiz-error';

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * A UUID of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, the rest random.
 * @param now milliseconds since the Unix epoch
 * @param random returns that many random bytes
 */
export function uuidV7(now: number, random: (size: number) => Buffer): string {
  const bytes = Buffer.from(random(16));
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuidText(bytes) ?? '';
}

export function isUuid(text: unknown): text is string {
  return typeof text === 'string' && FORM.test(text);
}

/** The 16 bytes of a UUID, as they travel in MQTT's Correlation Data. @throws EgizError `INVALID_UUID` */
export function uuidBytes(uuid: string): Buffer {
  if (!isUuid(uuid)) throw new EgizError('INVALID_UUID', `${JSON.stringify(uuid)} is not a UUID`);
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

/** The text form of 16 bytes, or undefined when there are not 16. */
export function uuidText(bytes: Buffer): string | undefined {
  if (bytes.length !== 16) return undefined;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
