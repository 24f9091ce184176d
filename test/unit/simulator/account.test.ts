import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'should';
import { loginOf, readSimulatorFile } from '../../../lib/simulator/account';

describe('the file of simulated clients', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-accounts-'));
    path = join(directory, 'clients.json');
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const account = {
    tenantId: 'acme',
    clientId: 'press-1',
    type: 'opc-core-client',
    url: 'mqtts://127.0.0.1:8883',
    username: 'acme.press-1',
  };

  it('names clients and where their logins are', () => {
    writeFileSync(
      path,
      JSON.stringify({ stateDirectory: '/s', clients: [{ ...account, passwordFile: '/p' }] }),
    );
    readSimulatorFile(path).should.eql({
      stateDirectory: '/s',
      clients: [{ ...account, passwordFile: '/p' }],
    });
  });

  for (const [what, content] of [
    ['has no list', '{}'],
    ['has a client that is a text', '{"clients":["x"]}'],
    ['has a client without an address', JSON.stringify({ clients: [{ ...account, url: '' }] })],
  ] as const) {
    it(`is refused when it ${what}`, () => {
      writeFileSync(path, content);
      (() => readSimulatorFile(path)).should.throw({ code: 'SIMULATOR_FILE_INVALID' });
    });
  }

  it('is only a pointer to secrets: they are read at each connection', () => {
    const passwordFile = join(directory, 'password');
    writeFileSync(passwordFile, 'first\n');
    const { credentials } = loginOf({ ...account, passwordFile });
    const password = () => (typeof credentials === 'function' ? credentials().password : undefined);
    `${password()}`.should.equal('first');
    writeFileSync(passwordFile, 'second\n');
    `${password()}`.should.equal('second');
  });
});
