import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { runCommand } from '../support/running-stack';

const ROOT = join(__dirname, '../../..');

describe('openegiz commands (SPEC 6)', function () {
  this.timeout(60_000);
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-cli-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('end with 1, the line and the mend for a bad inventory, and leave nothing behind', async () => {
    const file = join(directory, 'inventory.yaml');
    writeFileSync(file, 'tenants:\n  - id: acme\n    client: []\n');
    const home = join(directory, 'home');
    const { code, output } = await runCommand(['start', '--home', home, '--inventory', file]);
    should(code).equal(1);
    output.should.match(/line 3: .*unknown key "client"; did you mean "clients"\?/);
    existsSync(home).should.equal(false);
  });

  it('end with 1 for an inventory that is not there', async () => {
    const { code, output } = await runCommand(['start', '--home', directory, '--inventory', '/nowhere.yaml']);
    should(code).equal(1);
    output.should.containEql('/nowhere.yaml');
  });

  const wrong: [string, string[]][] = [
    ['an unknown command', ['frobnicate']],
    ['an unknown option', ['start', '--frobnicate']],
    ['a number that is none', ['start', '--clients', 'many']],
    ['a kind of boards there is none of', ['start', '--boards', 'some']],
    ['a missing option', ['acl', 'generate']],
    ['no command at all', []],
  ];
  for (const [name, args] of wrong) {
    it(`end with 2 for ${name}`, async () => {
      should((await runCommand(args)).code).equal(2);
    });
  }

  for (const command of [['start'], ['acl', 'generate'], ['backup']]) {
    it(`${command.join(' ')} explains itself and speaks JSON`, async () => {
      const { code, output } = await runCommand([...command, '--help']);
      should(code).equal(0);
      output.should.match(/--json/);
    });
  }

  it('acl generate writes the pair and prints what changes, without a password', async () => {
    const args = [
      'acl',
      'generate',
      '--inventory',
      join(ROOT, 'sample/inventory.yaml'),
      '--directory',
      directory,
    ];
    const first = await runCommand(args);
    should(first.code).equal(0);
    first.output.should.match(/\+ account acme\.press-line-1/);
    const password = readFileSync(join(directory, 'accounts/acme.press-line-1'), 'utf8').trim();
    first.output.should.not.containEql(password);
    const second = JSON.parse((await runCommand([...args, '--json'])).output) as { changed: boolean };
    second.changed.should.equal(false);
  });

  it('backup says which store it misses', async () => {
    const { code, output } = await runCommand([
      'backup',
      '--home',
      directory,
      '--output',
      join(directory, 'b'),
      '--json',
    ]);
    should(code).equal(1);
    (JSON.parse(output) as { error: { code: string } }).error.code.should.equal('STORE_MISSING');
  });
});
