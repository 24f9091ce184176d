import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { SignJWT } from 'jose';
import should from 'should';
import {
  DEVELOPMENT_AUDIENCE,
  DEVELOPMENT_ISSUER,
  DevelopmentIssuer,
} from '../../lib/jwt/development-issuer';
import { NodeRed, shippedFlow } from '../support/node-red';

const INVENTORY = `
tenants:
  - id: acme
    clients:
      - { id: tower-1, type: signal-tower }
      - { id: press-1, type: opc-core-client }
      - { id: strange-1, type: no-such-type }
  - id: globex
    clients:
      - { id: tower-9, type: signal-tower }
`;
const tower = (seconds: number) => ({
  lamps: { red: { colour: 'red', mode: 'steady' } },
  publishIntervalSeconds: seconds,
});

interface Call {
  readonly method?: string;
  readonly token?: string | null;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** The API as it is shipped, with the broker unreachable: nothing here needs it (SPEC 3: still 202). */
describe('the REST API (SPEC 3)', function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;
  let home: string;
  const tokens = { admin: '', viewer: '', other: '' };

  const call = async (path: string, options: Call = {}): Promise<Answer> => {
    const { method = options.body === undefined ? 'GET' : 'POST', token = tokens.admin, body } = options;
    const raw = typeof body === 'string' || Buffer.isBuffer(body);
    const response = await fetch(`${nodeRed.url}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      signal: AbortSignal.timeout(15_000),
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    } as RequestInit);
    const text = await response.text();
    conforms(method, path, response, text);
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  };
  const push = (client: string, body: unknown, options: Call = {}) =>
    call(`/api/v1/clients/${client}/config`, { ...options, body });

  /** Every answer of this suite is held against the document that the API serves. */
  let document: {
    paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;
  };
  const compiled = new Map<string, ValidateFunction>();
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  const conforms = (method: string, url: string, response: Response, text: string) => {
    const path = url.split('?')[0] ?? '';
    const entry = Object.entries(document?.paths ?? {}).find(([pattern]) =>
      new RegExp(`^${pattern.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path),
    );
    if (entry === undefined) return;
    const [pattern, operations] = entry;
    const responses = operations[method.toLowerCase()]?.responses ?? {};
    should(Object.keys(responses)).containEql(String(response.status));
    const pointer = `${pattern.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}`;
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const content = responses[String(response.status)]?.content ?? {};
    should(Object.keys(content)).containEql(type);
    const ref = `api#/paths/${pointer}/${method.toLowerCase()}/responses/${response.status}/content/${type.replaceAll('/', '~1')}/schema`;
    const validate = compiled.get(ref) ?? ajv.compile({ $ref: ref });
    compiled.set(ref, validate);
    should(validate(JSON.parse(text)) ? [] : validate.errors).eql([]);
  };

  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'egiz-rest-'));
    writeFileSync(join(home, 'inventory.yaml'), INVENTORY);
    const issuer = DevelopmentIssuer.open(join(home, 'issuer'), { development: true, now: Date.now });
    const mint = (tenant: string, ...scopes: string[]) =>
      issuer.mintToken({ tenant, scopes, subject: `${tenant}-user`, hours: 1 });
    tokens.admin = await mint('acme', 'config:read', 'config:write');
    tokens.viewer = await mint('acme', 'config:read');
    tokens.other = await mint('globex', 'config:read', 'config:write');
    nodeRed = await NodeRed.start({
      flows: shippedFlow('service'),
      env: {
        EGIZ_STORE_FILE: join(home, 'store.db'),
        EGIZ_INVENTORY: join(home, 'inventory.yaml'),
        EGIZ_BROKER_URL: 'mqtts://127.0.0.1:1',
        EGIZ_SERVICE_ACCOUNT: 'egiz-config',
        EGIZ_JWT_ISSUER: DEVELOPMENT_ISSUER,
        EGIZ_JWT_AUDIENCE: DEVELOPMENT_AUDIENCE,
        EGIZ_JWKS: issuer.jwksFile,
      },
    });
    await nodeRed.until((output) => output.includes('4 clients'), 10_000);
    document = (await call('/api/v1/openapi.json', { token: null })).body as typeof document;
    ajv.addSchema(document as object, 'api');
  });
  after(async () => {
    await nodeRed?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const isProblem = (answer: Answer, status: number, code: string) => {
    should(answer.status).equal(status);
    should(answer.headers.get('content-type')).startWith('application/problem+json');
    should(answer.body).have.properties({ status, code });
  };

  describe('POST /api/v1/clients/{clientId}/config', () => {
    it('answers 202 with Location and ETag while the broker is down', async () => {
      const answer = await push('tower-1', { version: '1.0.0', settings: tower(5) });
      should(answer.status).equal(202);
      should(answer.body).containDeep({
        clientId: 'tower-1',
        version: '1.0.0',
        revision: 1,
        state: 'accepted',
        clientOnline: false,
      });
      should(answer.headers.get('etag')).equal('"rev-1"');
      const location = answer.headers.get('location') ?? '';
      should(location).equal(`/api/v1/clients/tower-1/commands/${answer.body.commandId}`);
      should((await call(location)).body).have.properties({ revision: 1 });
    });

    it('answers 200 "unchanged" for content that is current', async () => {
      const answer = await push('tower-1', { version: '1.0.1', settings: tower(5) });
      should(answer.status).equal(200);
      should(answer.body).have.properties({ state: 'unchanged', revision: 1 });
    });

    it('answers a dry run with 200 and the difference, and stores nothing', async () => {
      const answer = await push('tower-1', { version: '9.0.0', settings: tower(9), dryRun: true });
      should(answer.status).equal(200);
      should(answer.body.diff).eql([{ pointer: '/publishIntervalSeconds', before: 5, after: 9 }]);
      should((await call('/api/v1/clients/tower-1/config')).body).have.property('revision', 1);
    });

    it('merges by RFC 7396', async () => {
      const answer = await push('tower-1', {
        version: '1.1.0',
        mode: 'merge',
        settings: { publishIntervalSeconds: 7 },
      });
      should(answer.status).equal(202);
      should((await call('/api/v1/clients/tower-1/config')).body.settings).eql(tower(7));
    });

    const refused: [string, () => Promise<Answer>, number, string][] = [
      ['malformed JSON', () => push('tower-1', '{"version":'), 400, 'JSON_SYNTAX'],
      ['NaN', () => push('tower-1', '{"version":"2.0.0","settings":{"a":NaN}}'), 400, 'JSON_SYNTAX'],
      [
        'a number like 1e999',
        () => push('tower-1', '{"version":"2.0.0","settings":{"a":1e999}}'),
        400,
        'JSON_REFUSED',
      ],
      [
        'bytes that are not UTF-8',
        () => push('tower-1', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])),
        400,
        'JSON_NOT_UTF8',
      ],
      [
        '__proto__',
        () => push('tower-1', '{"version":"2.0.0","settings":{"__proto__":{"a":1}}}'),
        400,
        'JSON_REFUSED',
      ],
      ['a body that is no object', () => push('tower-1', [1]), 400, 'INVALID_REQUEST'],
      [
        'an unknown field',
        () => push('tower-1', { version: '2.0.0', settings: {}, colour: 1 }),
        400,
        'INVALID_REQUEST',
      ],
      [
        'a version that is not semver',
        () => push('tower-1', { version: 'v2', settings: {} }),
        400,
        'INVALID_REQUEST',
      ],
      [
        'an expiry out of range',
        () => push('tower-1', { version: '2.0.0', settings: {}, expiresInSeconds: 5 }),
        400,
        'INVALID_REQUEST',
      ],
      [
        'settings that fail the schema',
        () => push('tower-1', { version: '2.0.0', settings: tower(-1) }),
        400,
        'SETTINGS_INVALID',
      ],
      [
        'settings nested too deep',
        () => push('tower-1', `{"version":"2.0.0","settings":${'{"a":'.repeat(11)}1${'}'.repeat(11)}}`),
        400,
        'JSON_REFUSED',
      ],
      [
        'an If-Match that is no tag',
        () => push('tower-1', { version: '2.0.0', settings: tower(8) }, { headers: { 'if-match': 'rev-1' } }),
        400,
        'INVALID_REQUEST',
      ],
      [
        'no token',
        () => push('tower-1', { version: '2.0.0', settings: {} }, { token: null }),
        401,
        'TOKEN_MISSING',
      ],
      [
        'a token without config:write',
        () => push('tower-1', { version: '2.0.0', settings: {} }, { token: tokens.viewer }),
        403,
        'SCOPE_MISSING',
      ],
      ['an unknown client', () => push('nobody', { version: '2.0.0', settings: {} }), 404, 'CLIENT_UNKNOWN'],
      [
        "another tenant's client",
        () => push('tower-9', { version: '2.0.0', settings: tower(5) }),
        404,
        'CLIENT_UNKNOWN',
      ],
      ['an id with a slash', () => push('a%2Fb', { version: '2.0.0', settings: {} }), 404, 'CLIENT_UNKNOWN'],
      ['an id with +', () => push('a+b', { version: '2.0.0', settings: {} }), 404, 'CLIENT_UNKNOWN'],
      ['an id with #', () => push('%23', { version: '2.0.0', settings: {} }), 404, 'CLIENT_UNKNOWN'],
      ['an id with $', () => push('$SYS', { version: '2.0.0', settings: {} }), 404, 'CLIENT_UNKNOWN'],
      ['an empty id', () => push('%20', { version: '2.0.0', settings: {} }), 404, 'CLIENT_UNKNOWN'],
      [
        'a label that stands for other content',
        () => push('tower-1', { version: '1.0.0', settings: tower(11) }),
        409,
        'VERSION_CONFLICT',
      ],
      [
        'a stale baseRevision',
        () => push('tower-1', { version: '2.0.0', settings: tower(8), baseRevision: 1 }),
        412,
        'REVISION_STALE',
      ],
      [
        'a stale If-Match',
        () =>
          push('tower-1', { version: '2.0.0', settings: tower(8) }, { headers: { 'if-match': '"rev-1"' } }),
        412,
        'REVISION_STALE',
      ],
      [
        'settings over 32 KB',
        () => push('tower-1', { version: '2.0.0', settings: { a: 'x'.repeat(33_000) } }),
        413,
        'SETTINGS_TOO_LARGE',
      ],
      [
        'a body over 256 KB',
        () => push('tower-1', JSON.stringify({ a: 'x'.repeat(300_000) })),
        413,
        'JSON_TOO_LARGE',
      ],
      [
        'another media type',
        () => push('tower-1', 'version=1', { headers: { 'content-type': 'text/plain' } }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      [
        'a form',
        () =>
          push('tower-1', 'version=1', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ],
      [
        'an unknown schema',
        () => push('tower-1', { version: '2.0.0', settings: {}, schema: 'signal-tower/99' }),
        422,
        'SCHEMA_UNKNOWN',
      ],
      [
        'a schema of another type',
        () => push('tower-1', { version: '2.0.0', settings: {}, schema: 'opc-core-client/1' }),
        422,
        'SCHEMA_UNKNOWN',
      ],
      [
        'a client type without a schema',
        () => push('strange-1', { version: '2.0.0', settings: {} }),
        422,
        'SCHEMA_UNKNOWN',
      ],
    ];
    for (const [name, send, status, code] of refused) {
      it(`refuses ${name}: ${status} ${code}`, async () => {
        const before = (await call('/api/v1/counts')).body.accepted;
        isProblem(await send(), status, code);
        should((await call('/api/v1/counts')).body.accepted).equal(before);
      });
    }

    it('tells the current revision with 412, in the body and as ETag', async () => {
      const answer = await push('tower-1', { version: '2.0.0', settings: tower(8), baseRevision: 0 });
      should(answer.body.currentRevision).equal(2);
      should(answer.headers.get('etag')).equal('"rev-2"');
    });

    it('names each violated rule with its JSON Pointer', async () => {
      const answer = await push('press-1', { version: '1.0.0', settings: { connections: {} } });
      should(answer.body.errors).containDeep([{ pointer: '/connections', rule: 'minProperties' }]);
    });

    it('repeats the answer to an Idempotency-Key, and refuses the key for another body with 422', async () => {
      const headers = { 'idempotency-key': 'k-1' };
      const first = await push('press-1', { version: '1.0.0', settings: press(1000) }, { headers });
      should(first.status).equal(202);
      const again = await push('press-1', { version: '1.0.0', settings: press(1000) }, { headers });
      should(again.status).equal(202);
      should(again.body).eql(first.body);
      should(again.headers.get('location')).equal(first.headers.get('location'));
      isProblem(
        await push('press-1', { version: '2.0.0', settings: press(2000) }, { headers }),
        422,
        'IDEMPOTENCY_KEY_REUSED',
      );
    });
  });
  const press = (ms: number) => ({
    connections: {
      press: {
        endpoint: 'opc.tcp://127.0.0.1:4840/UA/Press',
        groups: { fast: { publishingIntervalMs: ms, tags: { force: 's=Press1.Force' } } },
      },
    },
  });

  describe('the bearer token', () => {
    const sign = (claims: object, header: object, key: unknown) =>
      new SignJWT({ tenant: 'acme', scope: 'config:read config:write', ...claims })
        .setProtectedHeader({ alg: 'HS256', ...header })
        .sign(key as Uint8Array);
    const unsigned = () => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = {
        iss: DEVELOPMENT_ISSUER,
        aud: DEVELOPMENT_AUDIENCE,
        exp: Date.now() / 1000 + 60,
        tenant: 'acme',
        scope: 'config:read',
        sub: 'eve',
      };
      return `${part({ alg: 'none' })}.${part(claims)}.`;
    };
    const refusedTokens: [string, () => Promise<string> | string][] = [
      ['alg "none"', unsigned],
      ['a symmetric algorithm', () => sign({}, {}, Buffer.alloc(32))],
      ['garbage', () => 'not.a.token'],
    ];
    for (const [name, make] of refusedTokens) {
      it(`is refused with ${name}: 401 with WWW-Authenticate`, async () => {
        const answer = await call('/api/v1/clients', { token: await make() });
        should(answer.status).equal(401);
        should(answer.headers.get('www-authenticate')).startWith('Bearer');
      });
    }

    it("sees only its own tenant's clients", async () => {
      const { items } = (await call('/api/v1/clients', { token: tokens.other })).body as {
        items: { clientId: string }[];
      };
      items.map((item) => item.clientId).should.eql(['tower-9']);
      isProblem(await call('/api/v1/clients/tower-1', { token: tokens.other }), 404, 'CLIENT_UNKNOWN');
    });
  });

  describe('the reads', () => {
    it('list clients in pages, filtered', async () => {
      const first = (await call('/api/v1/clients?limit=2')).body as {
        items: { clientId: string }[];
        next: string;
      };
      first.items.map((item) => item.clientId).should.eql(['press-1', 'strange-1']);
      const second = (await call(first.next)).body as { items: { clientId: string }[]; next: null };
      second.items.map((item) => item.clientId).should.eql(['tower-1']);
      should(second.next).be.null();
      const towers = (await call('/api/v1/clients?type=signal-tower&drift=true')).body as {
        items: unknown[];
      };
      towers.items.should.have.length(1);
      isProblem(await call('/api/v1/clients?limit=0'), 400, 'INVALID_REQUEST');
    });

    it('show a client: desired, reported, drift, presence', async () => {
      const { body, headers } = await call('/api/v1/clients/tower-1');
      should(body).containDeep({
        desired: { revision: 2 },
        reported: { revision: 0, hash: null },
        drift: true,
        presence: 'unknown',
      });
      should(headers.get('etag')).equal('"rev-2"');
    });

    it('show the history with its differences, and one revision of it', async () => {
      const { items } = (await call('/api/v1/clients/tower-1/config/history')).body as {
        items: Record<string, unknown>[];
      };
      items.map((item) => item.revision).should.eql([2, 1]);
      should(items[0]?.changes).eql([{ pointer: '/publishIntervalSeconds', before: 5, after: 7 }]);
      should((await call('/api/v1/clients/tower-1/config?revision=1')).body.settings).eql(tower(5));
      isProblem(await call('/api/v1/clients/tower-1/config?revision=7'), 404, 'REVISION_UNKNOWN');
      isProblem(await call('/api/v1/clients/strange-1/config'), 404, 'CONFIGURATION_NONE');
    });

    it('show a command with its transitions, and count by state', async () => {
      const { items } = (await call('/api/v1/clients/tower-1/commands')).body as {
        items: { commandId: string; state: string }[];
      };
      should(items[1]).have.property('state', 'superseded');
      const command = (await call(`/api/v1/clients/tower-1/commands/${items[1]?.commandId}`)).body;
      (command.transitions as { state: string }[])[0]?.state.should.equal('accepted');
      should((await call('/api/v1/counts')).body).have.properties({ accepted: 3, balanced: true });
      isProblem(await call('/api/v1/clients/tower-1/commands/none'), 404, 'COMMAND_UNKNOWN');
    });
  });

  describe('POST .../commands/{commandId}/cancel', () => {
    it('cancels what was not published; a viewer may not', async () => {
      const { items } = (await call('/api/v1/clients/tower-1/commands?limit=1')).body as {
        items: { commandId: string }[];
      };
      const path = `/api/v1/clients/tower-1/commands/${items[0]?.commandId}/cancel`;
      isProblem(await call(path, { method: 'POST', token: tokens.viewer }), 403, 'SCOPE_MISSING');
      should((await call(path, { method: 'POST' })).body).have.property('state', 'cancelled');
      should((await call('/api/v1/clients/tower-1')).body).containDeep({ desired: { revision: 1 } });
    });

    it('is too late for what is over: 409', async () => {
      const { items } = (await call('/api/v1/clients/tower-1/commands')).body as {
        items: { commandId: string; state: string }[];
      };
      const over = items.find((item) => item.state === 'superseded');
      isProblem(
        await call(`/api/v1/clients/tower-1/commands/${over?.commandId}/cancel`, { method: 'POST' }),
        409,
        'TOO_LATE_TO_CANCEL',
      );
    });
  });

  describe('under stress', () => {
    it('answers 503 with Retry-After only while the store is down', async () => {
      const other = new DatabaseSync(join(home, 'store.db'));
      other.exec('BEGIN EXCLUSIVE');
      const answer = await push('tower-1', { version: '3.0.0', settings: tower(30) });
      isProblem(answer, 503, 'STORE_UNAVAILABLE');
      should(answer.headers.get('retry-after')).match(/^\d+$/);
      other.exec('ROLLBACK');
      other.close();
      should((await push('tower-1', { version: '3.0.0', settings: tower(30) })).status).equal(202);
    });

    it('answers 429 with Retry-After above the rate of the tenant', async () => {
      const slow = shippedFlow('service').map((node) =>
        node.type === 'egiz-config-publish' ? { ...node, rateLimit: 1 } : node,
      );
      await nodeRed.deploy(slow);
      const answers = [];
      for (let n = 0; n < 4; n += 1)
        answers.push(await push('tower-1', { version: '9.9.9', settings: tower(9), dryRun: true }));
      const last = answers.at(-1) as Answer;
      isProblem(last, 429, 'TOO_MANY_REQUESTS');
      should(last.headers.get('retry-after')).equal('1');
    });
  });
});
