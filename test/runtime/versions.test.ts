import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import {
  DEVELOPMENT_AUDIENCE,
  DEVELOPMENT_ISSUER,
  DevelopmentIssuer,
} from '../../lib/jwt/development-issuer';
import { freePort, NodeRed, shippedFlow } from '../support/node-red';

const INVENTORY = 'tenants: [{ id: acme, clients: [{ id: tower-1, type: signal-tower }] }]';
const BODY = { version: '1.0.0', settings: { lamps: { red: { colour: 'red', mode: 'steady' } } } };

for (const version of [4, 5] as const) {
  describe(`the packed package in Node-RED ${version === 4 ? '4.1' : '5'}`, function () {
    this.timeout(60_000);
    let nodeRed: NodeRed;
    let home: string;
    let token = '';
    let metricsPort = 0;

    before(async () => {
      home = mkdtempSync(join(tmpdir(), 'egiz-version-'));
      writeFileSync(join(home, 'inventory.yaml'), INVENTORY);
      const issuer = DevelopmentIssuer.open(join(home, 'issuer'), { development: true, now: Date.now });
      const scopes = ['config:read', 'config:write'];
      token = await issuer.mintToken({ tenant: 'acme', scopes, subject: 'tester', hours: 1 });
      metricsPort = await freePort();
      nodeRed = await NodeRed.start({
        version,
        settings: { egizMetrics: { host: '127.0.0.1', port: metricsPort } },
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
      await nodeRed.until((output) => output.includes('1 clients'), 10_000);
    });
    after(async () => {
      await nodeRed?.stop();
      rmSync(home, { recursive: true, force: true });
    });

    const push = (body: string) =>
      fetch(`${nodeRed.url}/api/v1/clients/tower-1/config`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body,
      });

    it('is that version', () => {
      should(nodeRed.output).match(version === 4 ? /Node-RED version: v4\.1\./ : /Node-RED version: v5\./);
    });

    it('loads every node set without an error', async () => {
      const response = await fetch(`${nodeRed.url}/nodes`, { headers: { accept: 'application/json' } });
      const sets = (await response.json()) as {
        module: string;
        id: string;
        types: string[];
        err?: unknown;
      }[];
      const ours = sets.filter((set) => set.module === '@openegiz/node-red-edge');
      should(ours.filter((set) => set.err !== undefined)).be.empty();
      should(
        ours.flatMap((set) => set.types).filter((type) => type.startsWith('egiz-')).length,
      ).be.aboveOrEqual(10);
    });

    it("serves the nodes' metrics where the settings say", async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      should(metrics).match(/^egiz_stores\{state="usable"\} 1$/m);
      should(metrics).match(/^egiz_clients\{presence="unknown"\} 1$/m);
    });

    it('takes a configuration over the shipped flow', async () => {
      const response = await push(JSON.stringify(BODY));
      should(response.status).equal(202);
      should(response.headers.get('etag')).equal('"rev-1"');
    });

    it('answers malformed JSON with a problem, not with the parser of the runtime', async () => {
      const response = await push('{"version":');
      should(response.status).equal(400);
      should(await response.json()).have.property('code', 'JSON_SYNTAX');
    });
  });
}
