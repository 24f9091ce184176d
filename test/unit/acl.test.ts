import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { describeDiff } from '../../lib/acl/diff';
import { type AccessFiles, generateAccess } from '../../lib/acl/generate';
import { checkIsolation, findBreach } from '../../lib/acl/isolation';
import { hashPassword, isHashOf, parseAcl, parsePasswords, renderAcl } from '../../lib/acl/mosquitto';
import { type AccountRights, type Right, rightsOf } from '../../lib/acl/rights';
import { parseInventory } from '../../lib/inventory/parse';
import { filtersOverlap } from '../../lib/topics/filters';

const SAMPLE = readFileSync(join(__dirname, '../../../sample/inventory.yaml'), 'utf8');

function rulesOf(account: string): string[] {
  return [...(parseAcl(renderAcl(rightsOf(parseInventory(SAMPLE)))).get(account) ?? [])];
}

describe('rights (SPEC 2, FR-3)', () => {
  it('give a client its own commands to read, and its own status, telemetry and meta to write', () => {
    rulesOf('acme.press-line-1').should.eql([
      'read tenants/acme/clients/press-line-1/commands/config',
      'write tenants/acme/clients/press-line-1/status',
      'write tenants/acme/clients/press-line-1/telemetry/#',
      'write tenants/acme/clients/press-line-1/meta/#',
    ]);
  });

  it('give a board exactly its own topics', () => {
    rulesOf('esp32-oven001-therm').should.eql([
      'read openegiz/factory-a/oven/oven-001/command',
      'write openegiz/factory-a/oven/oven-001/thermal/telemetry',
      'write openegiz/factory-a/oven/oven-001/thermal/status',
    ]);
  });

  it('give an environmental board both names of its topic level', () => {
    const rules = rulesOf('esp32-zonea-amb');
    for (const level of ['ambient', 'environmental']) {
      rules.should.containEql(`write openegiz/factory-a/environment/zone-a/${level}/telemetry`);
    }
  });

  it('give the services what their roles are for', () => {
    rulesOf('telegraf').should.eql(['read openegiz/#']);
    rulesOf('egizcore').should.eql(['read openegiz/#', 'write openegiz/+/+/+/command']);
    rulesOf('ml-service').should.eql(['read openegiz/+/+/+/+/telemetry']);
    rulesOf('watch').should.eql(['read $SYS/#']);
    rulesOf('egiz-config').should.containEql('write tenants/+/clients/+/commands/config');
  });
});

describe('isolation of accounts', () => {
  const account = (name: string, rights: Right[], shared: string[] = []): AccountRights => ({
    account: name,
    kind: 'client',
    rights,
    shared,
    limits: {},
  });

  it('holds for the sample', () => checkIsolation(rightsOf(parseInventory(SAMPLE))));

  it('refuses an account that could reach the topics of another, naming both', () => {
    const accounts = [
      account('a', [{ access: 'write', filter: 't/a/#' }]),
      account('b', [{ access: 'read', filter: 't/+/x' }]),
    ];
    (() => checkIsolation(accounts)).should.throw(
      /"b" \(read t\/\+\/x\) could reach the topics of "a" \(write t\/a\/#\)/,
    );
  });

  it('lets boards of one equipment share its command topic, and only for reading', () => {
    const boards = (access: 'read' | 'write') =>
      ['a', 'b'].map((name) => account(name, [{ access, filter: 'e/command' }], ['e/command']));
    should(findBreach(boards('read'))).equal(undefined);
    should(findBreach(boards('write'))).not.equal(undefined);
  });

  it('is found for random rights exactly when two filters of two accounts overlap', () => {
    const random = seeded(42);
    const pick = <Value>(values: readonly [Value, ...Value[]]) => values[random(values.length)] ?? values[0];
    for (let round = 0; round < 2000; round++) {
      const accounts = ['a', 'b', 'c', 'd'].map((name) =>
        account(
          name,
          Array.from({ length: 1 + random(2) }, () => ({
            access: pick(['read', 'write'] as const),
            filter: Array.from({ length: 1 + random(3) }, () => pick(['x', 'y', 'z', name, '+']))
              .concat(random(4) === 0 ? ['#'] : [])
              .join('/'),
          })),
        ),
      );
      const expected = accounts.some((a, i) =>
        accounts
          .slice(i + 1)
          .some((b) => a.rights.some((x) => b.rights.some((y) => filtersOverlap(x.filter, y.filter)))),
      );
      (findBreach(accounts) !== undefined).should.equal(expected, JSON.stringify(accounts));
    }
  });

  it('holds for every inventory that is accepted, however its names are chosen', () => {
    const random = seeded(7);
    const names = [
      '0',
      '1e3',
      'constructor',
      'status',
      'command',
      'config',
      'ambient',
      'environmental',
      'a',
      'A',
    ];
    const name = () => names[random(names.length)] ?? 'a';
    let accepted = 0;
    for (let round = 0; round < 500; round++) {
      const clients = () => Array.from({ length: random(4) }, () => `{id: ${name()}, type: t}`).join(', ');
      const devices = () =>
        Array.from({ length: random(3) }, () => `{id: ${name()}, sensor: ${name()}}`).join(', ');
      const equipment = () =>
        Array.from(
          { length: random(3) },
          () => `{id: ${name()}, type: ${name()}, devices: [${devices()}]}`,
        ).join(', ');
      const inventory = tryParse(
        `tenants: [{id: a, clients: [${clients()}]}, {id: b, clients: [${clients()}]}]
factories: [{id: ${name()}, tenant: a, equipment: [${equipment()}]}, {id: ${name()}, tenant: b, equipment: [${equipment()}]}]`,
      );
      if (inventory === undefined) continue;
      accepted += 1;
      should(findBreach(rightsOf(inventory))).equal(undefined, JSON.stringify(inventory));
    }
    accepted.should.be.above(30);
  });

  it('is checked for ten thousand accounts in less than two seconds', () => {
    const clients = Array.from({ length: 10_000 }, (_, n) => `{id: c${n}, type: t}`).join(', ');
    const rights = rightsOf(parseInventory(`tenants: [{id: a, clients: [${clients}]}]`));
    const start = process.hrtime.bigint();
    checkIsolation(rights);
    Number(process.hrtime.bigint() - start).should.be.below(2e9);
  });
});

describe('Mosquitto password hashes (SEC-3)', () => {
  it('are PBKDF2-SHA512 with a 12-byte salt and 101 iterations', async () => {
    const hash = await hashPassword('secret');
    hash.should.match(/^\$7\$101\$[A-Za-z0-9+/]{16}\$[A-Za-z0-9+/]{86}==$/);
    (await isHashOf('secret', hash)).should.equal(true);
    (await isHashOf('other', hash)).should.equal(false);
    (await isHashOf('secret', '$6$abc$def')).should.equal(false);
  });

  it('agree with those of mosquitto_passwd', async () => {
    const made =
      '$7$101$hAIa2FKybrApDZGf$v11TtzTH71upsTjPCCrJFyDFdiT3GQ89kdraT5hSip+Zwn7pF3/CxBPl62BtxsAr1ElvFk5VTBwhwLBLRGxIIA==';
    (await isHashOf('secret', made)).should.equal(true);
  });
});

describe('generated access', () => {
  let files: AccessFiles;
  beforeEach(() => {
    const directory = mkdtempSync(join(tmpdir(), 'egiz-acl-'));
    files = {
      aclFile: join(directory, 'acl'),
      passwordFile: join(directory, 'passwords'),
      guardFile: join(directory, 'guard'),
      passwordDirectory: join(directory, 'secrets'),
    };
  });
  afterEach(() => rmSync(join(files.aclFile, '..'), { recursive: true, force: true }));

  const generate = (text: string, dryRun = false) => generateAccess(parseInventory(text), files, { dryRun });

  it('keeps passwords and hashes over runs and writes nothing when nothing differs', async () => {
    (await generate(SAMPLE)).changed.should.equal(true);
    const [acl, passwords] = [files.aclFile, files.passwordFile].map((file) => readFileSync(file, 'utf8'));
    const second = await generate(SAMPLE);
    second.changed.should.equal(false);
    describeDiff(second.diff).should.eql([]);
    [readFileSync(files.aclFile, 'utf8'), readFileSync(files.passwordFile, 'utf8')].should.eql([
      acl,
      passwords,
    ]);
  });

  it('makes a password of at least 128 bits for each client and device, for the owner alone to read', async () => {
    await generate(SAMPLE);
    const password = readFileSync(join(files.passwordDirectory, 'acme.press-line-1'), 'utf8').trim();
    Buffer.from(password, 'base64url').length.should.be.aboveOrEqual(16);
    (statSync(join(files.passwordDirectory, 'acme.press-line-1')).mode & 0o777).should.equal(0o600);
    (statSync(files.passwordFile).mode & 0o777).should.equal(0o600);
    (
      await isHashOf(
        password,
        parsePasswords(readFileSync(files.passwordFile, 'utf8')).get('acme.press-line-1') ?? '',
      )
    ).should.equal(true);
  });

  it('gives accounts with certificates no password', async () => {
    await generate(SAMPLE);
    readdirSync(files.passwordDirectory).should.not.containEql('globex.tower-1');
    readFileSync(files.passwordFile, 'utf8').should.not.containEql('telegraf');
  });

  it('says what changes, without passwords or hashes', async () => {
    await generate('tenants: [{id: a, clients: [{id: b, type: t}, {id: c, type: t}]}]');
    writeFileSync(join(files.passwordDirectory, 'a.b'), 'another-password-of-32-characters');
    const { diff } = await generate('tenants: [{id: a, clients: [{id: b, type: t}, {id: d, type: t}]}]');
    diff.accountsAdded.should.eql(['a.d']);
    diff.accountsRemoved.should.eql(['a.c']);
    diff.passwordsChanged.should.eql(['a.b']);
    diff.rulesAdded.should.matchEvery({ account: 'a.d' });
    diff.rulesRemoved.should.have.length(4);
    JSON.stringify(diff).should.not.match(/\$7\$|another-password/);
  });

  it('shows rules that somebody else put in the file as removed', async () => {
    writeFileSync(files.aclFile, 'topic readwrite #\npattern write x/%u\nuser eve\ntopic read #\n');
    describeDiff((await generate('tenants: []')).diff).should.containDeep([
      '- account eve',
      '- (outside accounts): readwrite #',
      '- (outside accounts): pattern write x/%u',
    ]);
  });

  it('gives the guard the kind and the limits of each account (SEC-5)', async () => {
    const text = (limits: string) =>
      `tenants: [{id: a, clients: [{id: b, type: t, limits: ${limits}}]}]
services: [{id: svc, role: core}, {id: tool, role: monitoring, limits: {messagesPerSecond: 5}}]
factories: [{id: f, tenant: a, equipment: [{id: e, type: t, devices: [{id: d, sensor: thermal}]}]}]`;
    await generate(text('{messagesPerSecond: 200, burst: 400}'));
    const guard = () => readFileSync(files.guardFile ?? '', 'utf8');
    guard().should.equal(`egiz-accounts 1
# Generated by OpenEgiz Edge from the inventory; changes are overwritten.
account a.b client rate=200 burst=400
account d device
account svc service rate=unlimited
account tool service rate=5
end 4
`);
    const { diff } = await generate(text('{messagesPerSecond: 300}'));
    diff.limitsChanged.should.eql(['a.b']);
    describeDiff(diff).should.eql(['~ limits of a.b']);
    guard().should.containEql('account a.b client rate=300\n');
  });

  it('writes again what somebody has cut off', async () => {
    await generate(SAMPLE);
    for (const file of [files.aclFile, files.guardFile ?? '']) {
      // The probe's right is another in each generation.
      const read = () => readFileSync(file, 'utf8').replaceAll(/egiz-probe\/\w+/g, 'egiz-probe/…');
      const whole = read();
      writeFileSync(file, readFileSync(file, 'utf8').slice(0, -6));
      (await generate(SAMPLE)).changed.should.equal(true);
      read().should.equal(whole);
    }
  });

  it('gives a service with a password one, for tools on the broker machine', async () => {
    await generate('tenants: []\nservices: [{id: watch, role: monitoring, login: password}]');
    parsePasswords(readFileSync(files.passwordFile, 'utf8')).has('watch').should.equal(true);
  });

  it('writes nothing on a dry run', async () => {
    (await generate(SAMPLE, true)).diff.accountsAdded.length.should.be.above(10);
    existsSync(files.aclFile).should.equal(false);
    existsSync(files.passwordDirectory).should.equal(false);
  });

  it('refuses a password that can be guessed', async () => {
    await generate(SAMPLE);
    writeFileSync(join(files.passwordDirectory, 'acme.andon-1'), 'secret');
    await generate(SAMPLE).should.be.rejectedWith({ code: 'ACL_PASSWORD_TOO_SHORT' });
  });

  it('leaves the old pair in place when the second file cannot be replaced', async () => {
    await generate('tenants: [{id: a, clients: [{id: b, type: t}]}]');
    const acl = readFileSync(files.aclFile, 'utf8');
    const broken = { ...files, passwordFile: join(files.passwordFile, 'not-a-directory') };
    await generateAccess(parseInventory('tenants: []'), broken).should.be.rejected();
    readFileSync(files.aclFile, 'utf8').should.equal(acl);
  });
});

/** Undefined for an inventory that is refused. */
function tryParse(text: string) {
  try {
    return parseInventory(text);
  } catch {
    return undefined;
  }
}

/** A small repeatable generator (mulberry32) of whole numbers below `limit`. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
