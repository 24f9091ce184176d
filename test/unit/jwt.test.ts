import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import {
  DEVELOPMENT_AUDIENCE,
  DEVELOPMENT_ISSUER,
  DevelopmentIssuer,
} from '../../lib/jwt/development-issuer';
import { keySource } from '../../lib/jwt/key-source';
import { TokenVerifier, type Verification } from '../../lib/jwt/verifier';

const NOW = Date.parse('2026-01-29T10:30:00Z');
const SECONDS = NOW / 1000;
const KID = 'key-1';
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

type Claims = Record<string, unknown>;
const claims: Claims = {
  iss: 'https://id.test/',
  aud: 'api',
  sub: 'ann',
  tenant: 'acme',
  scope: 'config:read config:write',
  exp: SECONDS + 60,
};

async function sign(change: Claims = {}, header: Claims = {}, key: KeyObject | Uint8Array = pair.privateKey) {
  const { SignJWT } = await import('jose');
  const entries = Object.entries({ ...claims, ...change }).filter(([, value]) => value !== undefined);
  return new SignJWT(Object.fromEntries(entries))
    .setProtectedHeader({ alg: 'ES256', kid: KID, ...header })
    .sign(key);
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwk = (key: KeyObject, kid: string, extra: Claims = {}) => ({
  ...key.export({ format: 'jwk' }),
  kid,
  ...extra,
});

describe('bearer tokens (SPEC 3, RFC 8725)', () => {
  let directory = '';
  let file = '';
  const writeKeys = (...keys: object[]) => writeFileSync(file, JSON.stringify({ keys }));
  const verifier = (
    options: { development?: boolean; issuer?: string; audience?: string; location?: string } = {},
  ) =>
    new TokenVerifier({
      issuer: options.issuer ?? 'https://id.test/',
      audience: options.audience ?? 'api',
      tenantClaim: 'tenant',
      keys: keySource({ location: options.location ?? file, development: options.development ?? false }),
      now: () => new Date(NOW),
    });
  const verify = (token: string, scope?: string) => verifier().verify(`Bearer ${token}`, scope);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-jwt-'));
    file = join(directory, 'jwks.json');
    writeKeys(jwk(pair.publicKey, KID));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function refused(result: Verification, status: number, code: string): void {
    should(result).have.property('problem');
    if (!('problem' in result)) return;
    should(result.problem.status).equal(status);
    should(result.problem.body)
      .have.properties(['type', 'title', 'status', 'detail'])
      .and.have.property('code', code);
    should(result.problem.headers['content-type']).equal('application/problem+json');
  }

  it('gives subject, tenant and scopes of a good token', async () => {
    should(await verify(await sign(), 'config:write')).eql({
      auth: { subject: 'ann', tenantId: 'acme', scopes: ['config:read', 'config:write'] },
    });
  });

  it('takes scopes as a list and RS256 and EdDSA keys', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ed = generateKeyPairSync('ed25519');
    writeKeys(jwk(rsa.publicKey, 'rsa'), jwk(ed.publicKey, 'ed'));
    const list = { scope: ['config:read'] };
    should(await verify(await sign(list, { alg: 'RS256', kid: 'rsa' }, rsa.privateKey))).have.property(
      'auth',
    );
    should(await verify(await sign(list, { alg: 'EdDSA', kid: 'ed' }, ed.privateKey))).have.property('auth');
  });

  const bad: readonly (readonly [string, () => Promise<string>, string])[] = [
    ['alg none', async () => `${encode({ alg: 'none' })}.${encode(claims)}.`, 'TOKEN_INVALID'],
    [
      'HS256 with the public key as secret',
      () =>
        sign(
          {},
          { alg: 'HS256' },
          pair.publicKey.export({ type: 'spki', format: 'pem' }) as unknown as Uint8Array,
        ),
      'TOKEN_INVALID',
    ],
    ['the audience of another API', () => sign({ aud: 'other' }), 'TOKEN_INVALID'],
    ['another issuer', () => sign({ iss: 'https://evil.test/' }), 'TOKEN_INVALID'],
    ['an expired token', () => sign({ exp: SECONDS - 6 }), 'TOKEN_EXPIRED'],
    ['a token without an end', () => sign({ exp: undefined }), 'TOKEN_INVALID'],
    ['a token that begins in the future', () => sign({ nbf: SECONDS + 6 }), 'TOKEN_INVALID'],
    ['an unknown key id', () => sign({}, { kid: 'other' }), 'TOKEN_INVALID'],
    [
      'another key under a known id',
      () => sign({}, {}, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
      'TOKEN_INVALID',
    ],
    ['no subject', () => sign({ sub: undefined }), 'TOKEN_INVALID'],
    ['no tenant', () => sign({ tenant: undefined }), 'TOKEN_INVALID'],
    ['a tenant that could leave its topic', () => sign({ tenant: 'acme/#' }), 'TOKEN_INVALID'],
    ['a tenant of 25 characters', () => sign({ tenant: 'a'.repeat(25) }), 'TOKEN_INVALID'],
    ['a list of tenants', () => sign({ tenant: ['acme'] }), 'TOKEN_INVALID'],
    [
      'a changed payload',
      async () => (await sign()).replace(/\.[^.]+\./, `.${encode({ ...claims, tenant: 'other' })}.`),
      'TOKEN_INVALID',
    ],
    ['no token form at all', async () => 'abc', 'TOKEN_INVALID'],
  ];
  for (const [name, token, code] of bad) {
    it(`answers 401 ${code} for ${name}`, async () => {
      const text = await token().catch((fault: unknown) => {
        // jose itself refuses to sign HS256 with a PEM text: sign by hand, as an attacker would.
        if (name.startsWith('HS256')) return hs256ByHand();
        throw fault;
      });
      const result = await verify(text);
      refused(result, 401, code);
      if ('problem' in result)
        should(result.problem.headers['www-authenticate']).match(/^Bearer .*error="invalid_token"/);
    });
  }

  async function hs256ByHand(): Promise<string> {
    const { createHmac } = await import('node:crypto');
    const body = `${encode({ alg: 'HS256', kid: KID })}.${encode(claims)}`;
    const secret = pair.publicKey.export({ type: 'spki', format: 'pem' });
    return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
  }

  it('allows five seconds of skew', async () => {
    should(await verify(await sign({ exp: SECONDS - 4, nbf: SECONDS + 4 }))).have.property('auth');
  });

  for (const header of [undefined, '', 'Bearer', 'Basic YTpi', 'Bearer a b', `Bearer ${'a'.repeat(9000)}`]) {
    it(`answers 401 without an error code for the header ${String(header).slice(0, 20)}`, async () => {
      const result = await verifier().verify(header);
      refused(result, 401, 'TOKEN_MISSING');
      if ('problem' in result)
        should(result.problem.headers['www-authenticate']).equal('Bearer realm="openegiz"');
    });
  }

  it('answers 403 for a missing scope and names it', async () => {
    const result = await verify(await sign({ scope: 'config:read' }), 'config:write');
    refused(result, 403, 'SCOPE_MISSING');
    if ('problem' in result) {
      should(result.problem.headers['www-authenticate'])
        .containEql('insufficient_scope')
        .and.containEql('config:write');
    }
  });

  it('reads the key file again when it has changed, and keeps the keys when it breaks', async () => {
    const one = verifier();
    const token = await sign({}, { kid: 'key-2' });
    refused(await one.verify(`Bearer ${token}`), 401, 'TOKEN_INVALID');
    writeKeys(jwk(pair.publicKey, KID), jwk(pair.publicKey, 'key-2'));
    should(await one.verify(`Bearer ${token}`)).have.property('auth');
    writeFileSync(file, '{');
    should(await one.verify(`Bearer ${token}`)).have.property('auth');
    writeKeys(jwk(pair.publicKey, KID));
    refused(await one.verify(`Bearer ${token}`), 401, 'TOKEN_INVALID');
  });

  it('answers 503 while there are no keys at all, and for a file with a private one', async () => {
    const token = await sign();
    rmSync(file);
    refused(await verify(token), 503, 'KEYS_UNAVAILABLE');
    writeKeys(jwk(pair.privateKey, KID));
    refused(await verify(token), 503, 'KEYS_UNAVAILABLE');
  });

  it('refuses an address that is not https', () => {
    (() => keySource({ location: 'http://id.test/jwks', development: true })).should.throw({
      code: 'JWKS_LOCATION',
    });
  });

  it('refuses to be built without an issuer or an audience', () => {
    (() => verifier({ audience: '' })).should.throw({ code: 'CONFIG_INVALID' });
  });

  describe('keys from a URL', () => {
    let server: Server;
    let location = '';
    let answer = '';
    before((done) => {
      server = createServer((_request, response) => response.end(answer));
      server.listen(0, '127.0.0.1', () => {
        location = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
        done();
      });
    });
    after((done) => {
      server.close(done);
    });

    it('are fetched, and 503 while the address answers nonsense', async () => {
      answer = 'no';
      const one = verifier({ location });
      refused(await one.verify(`Bearer ${await sign()}`), 503, 'KEYS_UNAVAILABLE');
      answer = JSON.stringify({ keys: [jwk(pair.publicKey, KID)] });
      should(await one.verify(`Bearer ${await sign()}`)).have.property('auth');
    });
  });

  describe('the development issuer', () => {
    const open = () => DevelopmentIssuer.open(directory, { development: true, now: () => NOW });
    const mint = (issuer: DevelopmentIssuer) =>
      issuer.mintToken({ tenant: 'acme', scopes: ['config:write'], subject: 'dev', hours: 1 });
    const own = { issuer: DEVELOPMENT_ISSUER, audience: DEVELOPMENT_AUDIENCE };

    it('mints tokens that its own keys verify, also after a restart', async () => {
      const token = await mint(open());
      open();
      should(await verifier({ ...own, development: true }).verify(`Bearer ${token}`, 'config:write')).eql({
        auth: { subject: 'dev', tenantId: 'acme', scopes: ['config:write'] },
      });
    });

    it('keeps its private key to its owner and out of the public file', () => {
      const { jwksFile } = open();
      should(statSync(join(directory, 'signing-key.json')).mode & 0o777).equal(0o600);
      should(JSON.parse(readFileSync(jwksFile, 'utf8')).keys[0]).not.have.property('d');
    });

    it('does not open outside development', () => {
      (() => DevelopmentIssuer.open(directory, { development: false, now: () => NOW })).should.throw({
        code: 'NOT_DEVELOPMENT',
      });
    });

    it('is refused by every verifier outside development, by file, by mark and by key id', async () => {
      const token = await mint(open());
      refused(await verifier(own).verify(`Bearer ${token}`), 401, 'DEVELOPMENT_KEY');
      const { keys } = JSON.parse(readFileSync(file, 'utf8'));
      const { egiz_development: _mark, ...unmarked } = keys[0];
      writeKeys(unmarked);
      refused(await verifier(own).verify(`Bearer ${token}`), 401, 'DEVELOPMENT_KEY');
      writeKeys(
        jwk(createPublicKey({ key: unmarked, format: 'jwk' }), 'renamed', { egiz_development: true }),
      );
      refused(
        await verifier(own).verify(`Bearer ${await sign({}, { kid: 'renamed' })}`),
        401,
        'DEVELOPMENT_KEY',
      );
    });

    it('mints for no tenant that is none', async () => {
      await open()
        .mintToken({ tenant: 'a/b', scopes: [], subject: 's', hours: 1 })
        .should.be.rejectedWith({ code: 'INVALID_IDENTIFIER' });
    });
  });
});
