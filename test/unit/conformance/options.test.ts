import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { checkOptions } from '../../../cli/broker-check-options';

describe('openegiz broker check, the command line', () => {
  const directory = mkdtempSync(join(tmpdir(), 'egiz-check-'));
  const passwordFile = join(directory, 'password');
  before(() => writeFileSync(passwordFile, 'secret\n'));
  after(() => rmSync(directory, { recursive: true }));

  const options = (flags: Record<string, string | string[]>) =>
    checkOptions(new Map(Object.entries({ url: 'mqtts://127.0.0.1:8883', ...flags })));

  it('takes an account with the rights its name gives', async () => {
    const { accounts } = await options({ account: 'acme.press', 'password-file': passwordFile });
    should(accounts).match([
      { role: 'first', name: 'acme.press', login: { kind: 'password', password: 'secret' } },
    ]);
  });

  it('takes the rights that are given in place of those', async () => {
    const { accounts } = await options({
      account: 'x',
      'password-file': passwordFile,
      read: ['a/#'],
      write: ['b'],
    });
    should(accounts[0]?.rights).eql([
      { access: 'read', filter: 'a/#' },
      { access: 'write', filter: 'b' },
    ]);
  });

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['an address that is none', { url: 'broker' }, /not the address of an MQTT broker/],
    ['no encryption to another machine', { url: 'mqtt://broker.example.com' }, /without encryption/],
    ['an account without a login', { account: 'a.b' }, /needs either --password-file or --cert and --key/],
    ['a login without an account', { 'second-cert': passwordFile }, /--second-cert needs --second-account/],
    [
      'a certificate without its key',
      { account: 'a.b', cert: passwordFile },
      /--cert and --key belong together/,
    ],
    [
      'an account whose topics are not known',
      { account: 'x', 'password-file': passwordFile },
      /give --read and --write/,
    ],
    ['a file that is not there', { ca: join(directory, 'none') }, /ENOENT/],
    ['a limit that is no number', { 'queue-limit': 'many' }, /--queue-limit must be a whole number/],
  ];
  for (const [what, flags, message] of wrong) {
    it(`is wrong usage with ${what}`, async () => {
      await options(flags).should.be.rejectedWith({ code: 'USAGE', message });
    });
  }
});
