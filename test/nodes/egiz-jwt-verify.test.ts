import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import should from 'should';
import {
  DEVELOPMENT_AUDIENCE,
  DEVELOPMENT_ISSUER,
  DevelopmentIssuer,
} from '../../lib/jwt/development-issuer';
import { migrations } from '../../nodes/egiz-jwt-verify/migrations';
import { migrate } from '../../nodes/shell/migrate';

import verifyNode = require('../../nodes/egiz-jwt-verify/egiz-jwt-verify');

import { runFlow } from './flow';

const VARIABLES = ['EGIZ_DEVELOPMENT', 'EGIZ_JWT_ISSUER', 'EGIZ_JWT_AUDIENCE', 'EGIZ_JWKS'] as const;

describe('egiz-jwt-verify', () => {
  let directory = '';
  let token = '';
  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(done);
  });
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-jwt-node-'));
    const issuer = DevelopmentIssuer.open(directory, { development: true, now: Date.now });
    token = await issuer.mintToken({ tenant: 'acme', scopes: ['config:read'], subject: 'ann', hours: 1 });
    process.env.EGIZ_DEVELOPMENT = '1';
    process.env.EGIZ_JWT_ISSUER = DEVELOPMENT_ISSUER;
    process.env.EGIZ_JWT_AUDIENCE = DEVELOPMENT_AUDIENCE;
    process.env.EGIZ_JWKS = issuer.jwksFile;
  });
  afterEach(async () => {
    for (const name of VARIABLES) delete process.env[name];
    rmSync(directory, { recursive: true });
    await helper.unload();
  });

  const request = (authorization?: string) => ({
    req: { headers: { authorization } },
    auth: { subject: 'forged' },
  });
  const run = (config: Record<string, unknown>, ...messages: Record<string, unknown>[]) =>
    runFlow(verifyNode, { type: 'egiz-jwt-verify', ...config }, 2, messages);

  it('puts who asks into msg.auth, with the facts of the environment', async () => {
    const { outputs, dones } = await run({ scope: 'config:read' }, request(`Bearer ${token}`));
    should(outputs[0]?.[0]?.auth).eql({ subject: 'ann', tenantId: 'acme', scopes: ['config:read'] });
    should(dones).eql([undefined]);
  });

  it('takes variables that the flow file names', async () => {
    const config = {
      configVersion: 1,
      issuer: '${EGIZ_JWT_ISSUER}',
      audience: '${EGIZ_JWT_AUDIENCE}',
      keys: '${EGIZ_JWKS}',
      tenantClaim: 'tenant',
    };
    should((await run(config, request(`Bearer ${token}`))).outputs[0]).have.length(1);
  });

  it('answers 401 without a token, ready for http response, and drops a forged msg.auth', async () => {
    const { outputs } = await run({}, request(), {});
    should(outputs[0]).be.empty();
    should(outputs[1]).have.length(2);
    const [answer] = outputs[1] ?? [];
    should(answer).match({ statusCode: 401, payload: { code: 'TOKEN_MISSING', status: 401 } });
    should(answer?.headers).have.properties({
      'content-type': 'application/problem+json',
      'www-authenticate': 'Bearer realm="openegiz"',
    });
    should(answer).not.have.property('auth');
  });

  it('answers 403 without the scope', async () => {
    const { outputs } = await run({ scope: 'config:write' }, request(`Bearer ${token}`));
    should(outputs[1]).match([{ statusCode: 403, payload: { code: 'SCOPE_MISSING' } }]);
  });

  it('refuses the development issuer in production', async () => {
    delete process.env.EGIZ_DEVELOPMENT;
    const { outputs } = await run({}, request(`Bearer ${token}`));
    should(outputs[1]).match([{ statusCode: 401, payload: { code: 'DEVELOPMENT_KEY' } }]);
  });

  it('answers 503 while the keys cannot be read, and tells the operator why, once', async () => {
    process.env.EGIZ_JWKS = join(directory, 'nowhere.json');
    const { outputs } = await run({}, request(`Bearer ${token}`), request(`Bearer ${token}`));
    should(outputs[1]).match([{ statusCode: 503 }, { statusCode: 503 }]);
    const told = helper.log().args.filter(([{ msg }]) => String(msg).includes('nowhere.json'));
    should(told).have.length(1);
  });

  it('accepts nothing while a variable is missing, and lets no caller wait', async () => {
    delete process.env.EGIZ_JWT_AUDIENCE;
    const { outputs, dones, status } = await run({}, request(`Bearer ${token}`));
    should(outputs[0]).be.empty();
    should(outputs[1]).match([{ statusCode: 500, payload: { code: 'INTERNAL' } }]);
    should(dones).match([{ code: 'CONFIG_INVALID', message: /EGIZ_JWT_AUDIENCE/ }]);
    should(status).match([{ fill: 'red' }]);
  });

  it('calls done exactly once for every message, whatever became of it', async () => {
    const { dones } = await run({}, request(`Bearer ${token}`), request('Bearer x'), request(), {});
    should(dones).eql([undefined, undefined, undefined, undefined]);
  });

  it('brings a configuration without a version to version 1', () => {
    should(migrate({ scope: 'config:read' }, migrations)).match({
      keys: '${EGIZ_JWKS}',
      scope: 'config:read',
      configVersion: 1,
    });
  });
});
