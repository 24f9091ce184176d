import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { parse } from 'yaml';
import { developmentPki } from '../../lib/pki/directory';
import { hashPassword } from '../../lib/users/passwords';
import { ROOT } from '../support/node-red';
import { freePort } from '../support/ports';
import { eventually } from '../support/running-stack';

/** What compose.yaml gives the service, by variable. */
function composeEnvironment(): Record<string, string> {
  const compose = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }) as {
    services: { 'node-red': { environment: Record<string, string> } };
  };
  const given = Object.entries(compose.services['node-red'].environment);
  return Object.fromEntries(given.map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')]));
}

/** The image's /opt/openegiz and the mounts of compose.yaml, below one directory. */
async function layOut(directory: string): Promise<void> {
  const at = (name: string) => join(directory, name);
  for (const name of ['opt/node_modules/@openegiz', 'data', 'etc/openegiz', 'run/secrets']) {
    mkdirSync(at(name), { recursive: true });
  }
  symlinkSync(ROOT, at('opt/node_modules/@openegiz/node-red-edge'));
  symlinkSync(join(ROOT, 'node_modules/node-red'), at('opt/node_modules/node-red'));
  for (const name of ['start.mjs', 'healthcheck.mjs']) {
    copyFileSync(join(ROOT, 'node-red', name), at(`opt/${name}`));
  }
  const secret = (name: string, text: string) =>
    writeFileSync(at(`run/secrets/${name}`), text, { mode: 0o600 });
  secret('credential-secret', 'a-credential-secret-of-the-test');
  secret('session-secret', 'a-session-secret-of-the-test');
  const users = [{ username: 'ed', password: await hashPassword('right horse'), role: 'admin' }];
  secret('editor-users', JSON.stringify({ users }));
  secret('dashboard-users', JSON.stringify({ users }));
  const pki = await developmentPki(at('pki'), { services: ['egiz-config', 'egizcore', 'watch'] });
  copyFileSync(pki.caFile, at('etc/openegiz/ca.crt'));
  for (const [name, { certFile, keyFile }] of pki.services) {
    copyFileSync(certFile, at(`etc/openegiz/${name}.crt`));
    copyFileSync(keyFile, at(`run/secrets/${name}-key`));
  }
  copyFileSync(join(ROOT, 'sample/inventory.yaml'), at('etc/openegiz/inventory.yaml'));
  const { publicKey } = await generateKeyPair('ES256');
  const key = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256' };
  writeFileSync(at('etc/openegiz/jwks.json'), JSON.stringify({ keys: [key] }));
}

describe('node-red/, the image, as compose.yaml starts it', function () {
  this.timeout(60_000);
  const directory = mkdtempSync(join(tmpdir(), 'egiz-image-'));
  let child: ChildProcess | undefined;
  before(() => layOut(directory));
  after(() => {
    child?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  it('brings the flows, serves the API outside development, and is found well by its health check', async () => {
    const moved = Object.entries(composeEnvironment()).map(([name, value]) => [
      name,
      value.replace(/^(?=\/(run|etc|data)\/)/, directory),
    ]);
    const env = {
      ...Object.fromEntries(moved),
      PATH: process.env.PATH ?? '',
      HOME: directory,
      EGIZ_USER_DIR: join(directory, 'data'),
      EGIZ_HOST: '127.0.0.1',
      EGIZ_PORT: String(await freePort()),
      EGIZ_METRICS_HOST: '127.0.0.1',
      EGIZ_METRICS_PORT: String(await freePort()),
    };
    const check = () =>
      spawnSync(process.execPath, [join(directory, 'opt/healthcheck.mjs')], { env }).status === 0;
    check().should.equal(false);
    let output = '';
    child = spawn(process.execPath, [join(directory, 'opt/start.mjs')], { env, cwd: directory });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    await eventually(
      () => /Started flows/.test(output),
      40_000,
      () => output,
    );
    output.should.startWith('Flows: written\n');
    existsSync(join(directory, 'data/flows.json')).should.equal(true);
    await eventually(check, 10_000, () => output);
  });
});
