import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'should';
import {
  createSigningKeys,
  openSigningKeys,
  rotateSigningKeys,
  type SigningKeys,
  trustedKeys,
} from '../../../lib/ota/keys';
import {
  checkImage,
  manifestOf,
  parseUpdate,
  type SignedUpdate,
  signUpdate,
  verifyUpdate,
} from '../../../lib/ota/update';
import { runCommand } from '../../support/running-stack';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const IMAGE = Buffer.from('hello');
const SAID = {
  product: 'openegiz-sensor',
  hardware: 'virtual',
  version: '1.1.0',
  build: 10_100,
  url: 'https://127.0.0.1/ota/images/image.bin',
  expires: '2099-01-01T00:00:00Z',
};

/** A manifest (note its blank) and its signatures by OpenSSL, as the release of another house would have them. */
const FOREIGN = {
  key: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ1Lg3feqcgjNZohV3dpTVvZvLJC5
0us+l63jkORum9LgXMFB0Vq/h1TVBqiXOl5ajLJ4fIUDcWoR21h/btMfww==
-----END PUBLIC KEY-----
`,
  manifest:
    '{"product":"openegiz-sensor", "hardware":"virtual","version":"1.1.0","build":10100,"size":5,"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","url":"https://127.0.0.1/ota/images/image.bin","expires":"2099-01-01T00:00:00Z"}',
  der: 'MEUCIQDROn71+tPAkKXMdG+CaHiz3mNZq5OBg/BUTF4P+UoKWAIgTpmPYqk+uYJMtZa+rJzuY4HOa4UKGKknyYqfOWVQnjo=',
  raw: 'SQn3nh4ypASg12zPs5G6KHi4Xzv+lxxoI4CEmB3O3AkmTBkdGXnQag/Z1lOUxDZb/El+EKC0t5IhbC5SAuo6Sw==',
};

describe('signed updates (SPEC 4, SEC-8)', () => {
  let directory = '';
  let keys: SigningKeys;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-ota-'));
    keys = createSigningKeys(directory);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const signed = (said: object = {}): SignedUpdate =>
    signUpdate(manifestOf(IMAGE, { ...SAID, ...said }), keys.current);
  const check = (update: SignedUpdate) => verifyUpdate(update, trustedKeys(directory), NOW);

  it('are good with the current and with the next key', () => {
    check(signed()).should.have.properties({ version: '1.1.0', size: 5 });
    check(signUpdate(manifestOf(IMAGE, SAID), keys.next)).should.have.property('build', 10_100);
  });

  it('are the members of an ota command', () => {
    parseUpdate(JSON.stringify(signed())).should.have.properties(['manifest', 'signature', 'key_id']);
    (() => parseUpdate('{"manifest":"{}"}')).should.throw({ code: 'OTA_UPDATE_INVALID' });
  });

  it('are refused after any change of the manifest, even of a blank', () => {
    const update = signed();
    for (const manifest of [update.manifest.replace('10100', '10101'), `${update.manifest} `])
      (() => check({ ...update, manifest })).should.throw({ code: 'BAD_SIGNATURE' });
  });

  it('are refused with a signature of another key, or of a key nobody knows', () => {
    (() => check({ ...signed(), key_id: keys.next.id })).should.throw({ code: 'BAD_SIGNATURE' });
    (() => check({ ...signed(), key_id: 'ota-9' })).should.throw({ code: 'UNKNOWN_KEY' });
  });

  it('are refused when they have expired', () => {
    (() => check(signed({ expires: '2026-05-31T23:59:59Z' }))).should.throw({ code: 'EXPIRED' });
  });

  it('are not signed when no board would take the manifest', () => {
    for (const said of [
      { url: 'http://127.0.0.1/i.bin' },
      { build: 0 },
      { version: 'new' },
      { product: 'a b' },
    ])
      (() => signed(said)).should.throw({ code: 'MANIFEST_INVALID' });
  });

  it('fit their image only', () => {
    const manifest = check(signed());
    checkImage(manifest, IMAGE);
    (() => checkImage(manifest, Buffer.from('hellO'))).should.throw({ code: 'DIGEST_MISMATCH' });
    (() => checkImage(manifest, Buffer.from('hell'))).should.throw({ code: 'DIGEST_MISMATCH' });
  });

  it('may come from OpenSSL, with the signature in DER or as r and s', () => {
    writeFileSync(join(directory, 'other.pub.pem'), FOREIGN.key);
    for (const signature of [FOREIGN.der, FOREIGN.raw])
      checkImage(check({ manifest: FOREIGN.manifest, signature, key_id: 'other' }), IMAGE);
  });

  describe('keys', () => {
    it('are private to their owner, and never overwritten', () => {
      for (const { privateKeyFile } of [keys.current, keys.next])
        (statSync(privateKeyFile).mode & 0o777).should.equal(0o600);
      (() => createSigningKeys(directory)).should.throw({ code: 'OTA_KEYS_EXIST' });
    });

    it('take turns, and old ones stay for boards that trust nothing newer', () => {
      const before = signed();
      const { current, next } = rotateSigningKeys(directory);
      [current.id, next.id].should.eql(['ota-2', 'ota-3']);
      openSigningKeys(directory).current.id.should.equal('ota-2');
      check(before).should.have.property('version', '1.1.0');
    });

    it('must be P-256', () => {
      writeFileSync(join(directory, 'bad.pub.pem'), 'no key');
      (() => trustedKeys(directory)).should.throw({ code: 'OTA_KEY_INVALID' });
      (() => trustedKeys(join(directory, 'none'))).should.throw({ code: 'OTA_KEYS_MISSING' });
    });
  });
});

describe('openegiz ota', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-ota-'));
    writeFileSync(join(directory, 'image.bin'), IMAGE);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const at = (name: string) => join(directory, name);
  const sign = (...more: string[]) =>
    runCommand(
      `ota sign --keys ${at('keys')} --image ${at('image.bin')} --url https://127.0.0.1/i.bin --hardware virtual --image-version 1.1.0 --build 10100 --output ${at('update.json')}`
        .split(' ')
        .concat(more),
    );
  const verify = (...more: string[]) =>
    runCommand(['ota', 'verify', '--update', at('update.json'), '--keys', at('keys'), ...more]);

  it('makes keys, signs and verifies', async function () {
    this.timeout(20_000);
    (await runCommand(['ota', 'keygen', '--directory', at('keys')])).should.have.property('code', 0);
    readdirSync(at('keys'))
      .sort()
      .should.eql(['keys.json', 'ota-1.key.pem', 'ota-1.pub.pem', 'ota-2.key.pem', 'ota-2.pub.pem']);
    (await sign()).should.have.property('code', 0);
    const good = await verify('--image', at('image.bin'), '--json');
    good.should.have.property('code', 0);
    JSON.parse(good.output).should.containDeep({ key_id: 'ota-1', manifest: { build: 10_100, size: 5 } });
  });

  it('ends with 1 and says why when an update is not good, and with 2 for wrong usage', async function () {
    this.timeout(20_000);
    await runCommand(['ota', 'keygen', '--directory', at('keys')]);
    await sign('--next');
    const update = JSON.parse(readFileSync(at('update.json'), 'utf8')) as SignedUpdate;
    update.key_id.should.equal('ota-2');
    writeFileSync(
      at('update.json'),
      JSON.stringify({ ...update, manifest: update.manifest.replace('1.1.0', '6.6.6') }),
    );
    (await verify()).should.match({ code: 1, output: /signature is not one of the key ota-2/ });
    (await sign('--build', '-1')).should.have.property('code', 2);
  });
});
