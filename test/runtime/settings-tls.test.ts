import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import should from 'should';
import { developmentPki } from '../../lib/pki/directory';
import { freePort } from '../support/node-red';
import { NodeRedProcess, UserDirectoryFixture } from '../support/node-red-process';

describe('settings.ts in development, with HTTPS', function () {
  this.timeout(60_000);
  let home: UserDirectoryFixture;
  let pki = '';
  let child: NodeRedProcess;
  let port = 0;
  let ca = '';

  before(async () => {
    home = new UserDirectoryFixture();
    pki = mkdtempSync(join(tmpdir(), 'egiz-pki-'));
    port = await freePort();
    const { server, caFile } = await developmentPki(pki, {});
    ca = readFileSync(caFile, 'utf8');
    child = NodeRedProcess.spawn(home.path, {
      EGIZ_DEVELOPMENT: '1',
      EGIZ_PORT: String(port),
      EGIZ_HTTPS: '1',
      EGIZ_HTTPS_CERT: server.certFile,
      EGIZ_HTTPS_KEY: server.keyFile,
      EGIZ_EDITOR_PASSWORD_FILE: home.write('editor-password', 'editor-word\n'),
    });
    await child.started();
  });
  after(async () => {
    await child.stop();
    home.remove();
    rmSync(pki, { recursive: true });
  });

  function handshake(version: 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, ca, minVersion: version, maxVersion: version };
      const socket = connect(options, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.once('error', reject);
    });
  }

  it('speaks TLS 1.3 and nothing older', async () => {
    should(await handshake('TLSv1.3')).equal('TLSv1.3');
    await handshake('TLSv1.2').should.be.rejected();
  });

  it('starts without the secrets of production, and still lets nobody in without a password', async () => {
    const { request } = await import('node:https');
    const status = (path: string, body?: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const method = body === undefined ? 'GET' : 'POST';
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        const call = request({ host: '127.0.0.1', port, ca, path, method, headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        call.once('error', reject);
        call.end(body);
      });
    const login = (password: string) =>
      new URLSearchParams({
        client_id: 'node-red-editor',
        grant_type: 'password',
        scope: '',
        username: 'editor',
        password,
      }).toString();
    should(await status('/editor/flows')).equal(401);
    should(await status('/editor/auth/token', login('wrong'))).not.equal(200);
    should(await status('/editor/auth/token', login('editor-word'))).equal(200);
  });
});
