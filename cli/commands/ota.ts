import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import { writeFileAtomic } from '../../lib/files/atomic';
import { createSigningKeys, openSigningKeys, rotateSigningKeys, trustedKeys } from '../../lib/ota/keys';
import { checkImage, manifestOf, parseUpdate, signUpdate, verifyUpdate } from '../../lib/ota/update';
import { printResult } from '../outcome';

interface Json {
  readonly json?: true;
}

interface KeygenOptions extends Json {
  readonly directory: string;
  readonly rotate?: true;
}

interface SignOptions extends Json {
  readonly keys: string;
  readonly next?: true;
  readonly image: string;
  readonly url: string;
  readonly product: string;
  readonly hardware: string;
  readonly imageVersion: string;
  readonly build: number;
  readonly expiresInDays: number;
  readonly allowDowngrade?: true;
  readonly output: string;
}

interface VerifyOptions extends Json {
  readonly update: string;
  readonly keys: string;
  readonly image?: string;
}

const DAY_MS = 86_400_000;

export function registerOta(program: Command): void {
  const ota = program.command('ota').description('Signed firmware updates of sensor boards.');
  ota
    .command('keygen')
    .description('Make the current and the next signing key (ECDSA P-256).')
    .requiredOption('--directory <dir>', 'where the keys are kept; private halves with mode 0600')
    .option('--rotate', 'let the next key take its turn, and make a new next one')
    .option('--json', 'print one JSON object')
    .action(keygen);
  registerSign(ota);
  ota
    .command('verify')
    .description('Check a signed update as a board does: key, signature, manifest, and the image if given.')
    .requiredOption('--update <file>', 'what ota sign wrote')
    .requiredOption('--keys <dir>', 'the public keys that boards trust, ID.pub.pem each')
    .option('--image <file>', 'the image, whose size and digest must be those of the manifest')
    .option('--json', 'print one JSON object')
    .action(verify);
}

function registerSign(ota: Command): void {
  ota
    .command('sign')
    .description('Write the manifest of an image and its signature.')
    .requiredOption('--keys <dir>', 'the directory of ota keygen')
    .option('--next', 'sign with the next key instead of the current one')
    .requiredOption('--image <file>', 'the firmware image')
    .requiredOption('--url <url>', 'where boards fetch the image: https://…')
    .option('--product <name>', 'the product it is for', 'openegiz-sensor')
    .requiredOption('--hardware <name>', 'the board revision it is for')
    .requiredOption('--image-version <version>', 'its semantic version')
    .requiredOption('--build <n>', 'its build number, which orders images', parseWhole)
    .option('--expires-in-days <n>', 'how long boards may accept it', parseWhole, 30)
    .option('--allow-downgrade', 'accept it also over a higher build')
    .requiredOption('--output <file>', 'the signed update: members of an ota command')
    .option('--json', 'print one JSON object')
    .action(signImage);
}

function keygen({ directory, rotate, json }: KeygenOptions): void {
  const path = resolve(directory);
  const keys = rotate === true ? rotateSigningKeys(path) : createSigningKeys(path);
  printResult(json === true, keys, [
    `${keys.current.id} signs now, ${keys.next.id} is next; their private halves are in ${path}`,
    `Put ${keys.current.publicKeyFile} and ${keys.next.publicKeyFile} into firmware/keys/ and build the firmware.`,
  ]);
}

function signImage(options: SignOptions): void {
  const keys = openSigningKeys(resolve(options.keys));
  const { product, hardware, imageVersion: version, build, url, output } = options;
  const expires = new Date(Date.now() + options.expiresInDays * DAY_MS).toISOString();
  const said = { product, hardware, version, build, url, expires };
  const manifest = manifestOf(
    readInput(options.image),
    options.allowDowngrade === true ? { ...said, allow_downgrade: true } : said,
  );
  const update = signUpdate(manifest, options.next === true ? keys.next : keys.current);
  writeFileAtomic(resolve(output), `${JSON.stringify(update, null, 2)}\n`);
  printResult(options.json === true, { update: resolve(output), manifest, key_id: update.key_id }, [
    `${output}: ${product} ${version} (build ${build}) for ${hardware}, ${manifest.size} bytes, signed with ${update.key_id}`,
  ]);
}

function verify({ update, keys, image, json }: VerifyOptions): void {
  const signed = parseUpdate(readInput(update));
  const manifest = verifyUpdate(signed, trustedKeys(resolve(keys)), Date.now());
  if (image !== undefined) checkImage(manifest, readInput(image));
  const about = image === undefined ? 'the image was not looked at' : 'the image is the one it names';
  printResult(json === true, { manifest, key_id: signed.key_id }, [
    `Good: ${manifest.product} ${manifest.version} (build ${manifest.build}) for ${manifest.hardware}, signed with ${signed.key_id}; ${about}`,
  ]);
}

function readInput(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (fault) {
    throw new EgizError('FILE_UNREADABLE', `${file} cannot be read: ${toEgizError(fault).message}`, {
      id: file,
    });
  }
}

function parseWhole(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}
