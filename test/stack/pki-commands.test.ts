import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { connectMqtt } from '../../lib/mqtt/connection';
import { makeRequest } from '../support/csr';
import { eventually, Homes, runCommand } from '../support/running-stack';

const INVENTORY = `tenants:
  - id: acme
    clients:
      - { id: press-1, type: opc-core-client, login: certificate }
services: [{ id: watch, role: monitoring }]
`;

describe('openegiz pki, as a person uses it', function () {
  this.timeout(60_000);
  let directory = '';
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-pki-'));
    writeFileSync(join(directory, 'inventory.yaml'), INVENTORY);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const inventory = () => ['--inventory', join(directory, 'inventory.yaml')];
  const pki = (...args: string[]) => runCommand(['pki', ...args, '--directory', join(directory, 'pki')]);
  const good = async (...args: string[]) => {
    const { code, output } = await pki(...args);
    should(code).equal(0, output);
    return output;
  };

  it('makes authorities, certificates and a list, and says where the root keys are to be moved from', async () => {
    should((await pki('list')).code).equal(1);
    (await good('init')).should.containEql(join(directory, 'pki', 'root.key'));
    (await good('issue', 'server', '--host', 'broker.example.com')).should.containEql('server.crt');
    await good('issue', ...inventory());
    (await good('issue', ...inventory())).should.containEql('2 have one already');
    (statSync(join(directory, 'pki/clients/acme.press-1.key')).mode & 0o777).should.equal(0o600);
    const { certificates } = JSON.parse(await good('list', '--json')) as { certificates: object[] };
    should(certificates).containDeep([
      { name: 'server', kind: 'server', state: 'valid', daysLeft: 89.9 },
      { name: 'acme.press-1', kind: 'client', issuer: 'ca' },
      { name: 'watch', kind: 'service', issuer: 'services-ca' },
    ]);
  });

  it('exits with 1 when something runs out within the days asked for, and with 0 before', async () => {
    should((await pki('list', '--within', '30')).code).equal(0);
    const { code, output } = await pki('list', '--within', '91');
    should(code).equal(1);
    output.should.containEql('3 expire within 91 days');
  });

  it('renews what is due, and has nothing to do the second time', async () => {
    (await good('renew', '--within', '91')).should.containEql('3 certificates renewed');
    (await good('renew')).should.containEql('0 certificates renewed');
    const all = (await good('list', '--all')).split('\n').filter((line) => line.includes('replaced'));
    should(all).have.length(3);
  });

  const refused: [string, string[], number, string][] = [
    ['no names for the server', ['issue', 'server'], 1, '--host'],
    ['an authority over the one that is there', ['init'], 1, 'is not overwritten'],
    ['an unknown reason', ['revoke', 'watch', '--reason', 'x'], 2, 'keyCompromise'],
    ['a probe without a reload', ['renew', 'server', '--probe', 'a:1'], 1, '--reload'],
    ['no days', ['list', '--within', '0'], 2, 'whole number of days'],
    ['a broker that does not run', ['crl', '--reload', '/nowhere.pid'], 1, 'pid_file'],
  ];
  for (const [name, args, exit, words] of refused) {
    it(`says what is wrong with ${name}`, async () => {
      const { code, output } = await pki(...args);
      should(code).equal(exit, output);
      output.should.containEql(words);
    });
  }
});

describe('a running start', function () {
  this.timeout(120_000);
  const homes = new Homes();
  afterEach(() => homes.cleanUp());

  it('says in one line what expires soon (SEC-7)', async () => {
    const home = homes.make();
    const file = join(home, 'inventory.yaml');
    writeFileSync(file, INVENTORY);
    const first = homes.start(home, ['--inventory', file, '--clients', '0']);
    await first.untilReady();
    first.command.output.should.not.containEql('expires in');
    await first.stop();
    writeFileSync(join(home, 'own.csr'), await makeRequest('acme.press-1'));
    const signed = [
      'pki',
      'sign',
      join(home, 'own.csr'),
      '--inventory',
      file,
      '--home',
      home,
      '--days',
      '11',
    ];
    should((await runCommand(signed)).code).equal(0);
    const second = homes.start(home, ['--inventory', file, '--clients', '0']);
    await second.untilReady();
    await eventually(() => second.command.output.includes('expires in 10 days'), 5_000);
    const said = second.command.output.split('\n').filter((line) => line.includes('expires in'));
    should(said).match([/^! The client "acme.press-1" expires in 10 days \(openegiz pki list\)$/]);
  });

  it('takes another inventory by openegiz broker apply, and its service learns of the new client', async () => {
    const home = homes.make();
    const file = join(home, 'inventory.yaml');
    writeFileSync(file, INVENTORY);
    const ready = await homes.start(home, ['--inventory', file, '--clients', '0']).untilReady();
    const added = '      - { id: press-2, type: opc-core-client }\n';
    writeFileSync(file, INVENTORY.replace('services:', `${added}services:`));
    const { code, output } = await runCommand(['broker', 'apply', '--home', home, '--inventory', file]);
    should(code).equal(0, output);
    output.should.containEql('+ account acme.press-2');
    output.should.containEql('a right given works, a right taken is gone');

    const password = readFileSync(join(home, 'broker/accounts/acme.press-2'), 'utf8').trim();
    const link = connectMqtt({
      url: ready.mqtt.url,
      clientId: 'acme.press-2',
      tls: () => ({ ca: readFileSync(ready.mqtt.caFile) }),
      credentials: { username: 'acme.press-2', password },
    });
    await eventually(() => link.state.kind === 'connected', 5_000);
    await link.close();
    const token = readFileSync(ready.tokens['acme:admin'] ?? '', 'utf8').trim();
    const status = () =>
      fetch(`${ready.apiUrl}/api/v1/clients/press-2`, { headers: { authorization: `Bearer ${token}` } });
    let answer = await status();
    for (let tries = 0; tries < 50 && answer.status !== 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await status();
    }
    should(answer.status).equal(200);

    const again = await runCommand(['broker', 'apply', '--home', home, '--inventory', file, '--json']);
    should(JSON.parse(again.output)).match({ changed: false, reloaded: false, probed: true });
  });
});
