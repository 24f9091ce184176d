import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'should';
import { loginOf, readSimulatorFile } from '../../../lib/simulator/account';

describe('the file of simulated clients and boards', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-accounts-'));
    path = join(directory, 'simulated.json');
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const account = {
    tenantId: 'acme',
    clientId: 'press-1',
    type: 'opc-core-client',
    url: 'mqtts://127.0.0.1:8883',
    username: 'acme.press-1',
  };

  const board = {
    deviceId: 'board-1',
    factoryId: 'f',
    equipmentType: 'oven',
    equipmentId: 'oven-1',
    sensorType: 'thermal',
    url: 'mqtts://127.0.0.1:8884',
    username: 'board-1',
  };
  const file = (more: object) => JSON.stringify({ seed: 1, clients: [], boards: [], ...more });

  it('names clients and boards and where their logins are', () => {
    const content = {
      stateDirectory: '/s',
      seed: 7,
      clients: [{ ...account, passwordFile: '/p' }],
      boards: [{ ...board, certFile: '/c', keyFile: '/k' }],
    };
    writeFileSync(path, JSON.stringify(content));
    readSimulatorFile(path).should.eql(content);
  });

  for (const [what, content] of [
    ['has no list of clients', '{"seed":1,"boards":[]}'],
    ['has no list of boards', '{"seed":1,"clients":[]}'],
    ['has no seed', '{"clients":[],"boards":[]}'],
    ['has a client that is a text', file({ clients: ['x'] })],
    ['has a client without an address', file({ clients: [{ ...account, url: '' }] })],
    ['has a board with a sensor nobody can make up', file({ boards: [{ ...board, sensorType: 'smell' }] })],
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
