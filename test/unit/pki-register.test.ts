import { appendFileSync, chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { parseInventory } from '../../lib/inventory/parse';
import { createAuthorities, readAuthority, renewAuthority } from '../../lib/pki/authorities';
import { createAuthority, daysLeft, issueCertificate, pemCertificates } from '../../lib/pki/certificates';
import { type Holder, holderOf, issue, signRequest } from '../../lib/pki/enrol';
import { checkServerPair } from '../../lib/pki/import';
import { expiring, expiryWarning, listCertificates } from '../../lib/pki/listing';
import { pairFiles, readPair, recoverPair, replacePair } from '../../lib/pki/pair-files';
import { CertificateRegister } from '../../lib/pki/register';
import { dueRenewals, latestOf } from '../../lib/pki/renewal';
import { crlFile, readCrl, revoke, writeRevocationLists } from '../../lib/pki/revocation';
import { makeRequest } from '../support/csr';

const DAY_MS = 86_400_000;
const now = new Date('2026-01-01T00:00:00Z');
const inDays = (days: number) => new Date(now.getTime() + days * DAY_MS);
const inventory = parseInventory(`tenants:
  - id: acme
    clients:
      - { id: press-1, type: t, login: certificate }
      - { id: press-2, type: t }
services: [{ id: watch, role: monitoring }]
`);

describe('openegiz pki', () => {
  let directory = '';
  let register: CertificateRegister;
  const press: Holder = { kind: 'client', account: 'acme.press-1' };
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-pki-'));
    await createAuthorities(directory, { name: 'Test', now });
  });
  after(() => rmSync(directory, { recursive: true, force: true }));
  beforeEach(() => {
    rmSync(join(directory, 'register.jsonl'), { force: true });
    register = new CertificateRegister(directory);
  });

  const issuing = (at = now, days?: number) => ({ directory, register, now: at, days });
  const listed = (at = now) => listCertificates(directory, register, at);

  describe('init', () => {
    it('keeps every key to its owner, and makes no second authority over the first', async () => {
      for (const name of ['root', 'ca', 'services-root', 'services-ca', 'register']) {
        const file = join(directory, `${name}.key`);
        if (existsSync(file)) (statSync(file).mode & 0o777).should.equal(0o600);
      }
      await createAuthorities(directory, { name: 'Test', now }).should.be.rejectedWith({
        code: 'PKI_EXISTS',
      });
    });

    it('says which key is missing when the root is offline, and which is wrong', async () => {
      const elsewhere = join(directory, 'nowhere.key');
      const renew = (rootKeyFile: string) => renewAuthority(directory, 'ca', { now, rootKeyFile });
      await renew(elsewhere).should.be.rejectedWith({ code: 'PKI_ROOT_KEY_MISSING' });
      await renew(join(directory, 'ca.key')).should.be.rejectedWith({ code: 'PKI_ROOT_KEY_WRONG' });
      (() => readAuthority(join(directory, 'nowhere'), 'ca')).should.throw(/There is no authority/);
    });
  });

  describe('sign', () => {
    const sign = async (account: string, options = {}) =>
      signRequest(issuing(), await makeRequest(account, options), inventory);

    it('gives an account of the inventory a certificate for 90 days, by the authority of its kind', async () => {
      const { account, certificate } = await sign('acme.press-1');
      should(account).equal('acme.press-1');
      Math.round(daysLeft(certificate, now)).should.equal(90);
      await sign('watch');
      should(register.issued).match([{ issuer: 'ca' }, { issuer: 'services-ca' }]);
    });

    const refused: [string, () => Promise<unknown>, string][] = [
      ['an account nobody has', () => sign('acme.press-9'), 'PKI_UNKNOWN_ACCOUNT'],
      ['one that logs in with a password', () => sign('acme.press-2'), 'PKI_PASSWORD_ACCOUNT'],
      [
        'another key than EC P-256',
        () => sign('acme.press-1', { namedCurve: 'P-384' }),
        'CSR_KEY_UNSUITABLE',
      ],
      ['a request signed with another key', () => sign('acme.press-1', { forged: true }), 'CSR_INVALID'],
      ['two common names', () => sign('acme.press-1', { second: 'watch' }), 'CSR_INVALID'],
      ['what is no request', () => signRequest(issuing(), 'x', inventory), 'CSR_INVALID'],
    ];
    for (const [name, work, code] of refused) {
      it(`refuses ${name}, and notes nothing`, async () => {
        await work().should.be.rejectedWith({ code });
        register.issued.should.be.empty();
      });
    }

    it('says what was probably meant', () => {
      should(() => holderOf(inventory, 'acme.press-l')).throw({
        cause: { mend: /acme\.press-1|acme\.press-2/ },
      });
    });
  });

  describe('list', () => {
    it('has the days that are left, the first to run out at the head', async () => {
      await issue(issuing(now, 10), press);
      await issue(issuing(now, 5), { kind: 'server', hosts: ['a'] });
      should(listed().slice(0, 2)).match([
        { name: 'server', daysLeft: 5, state: 'valid' },
        { name: 'acme.press-1', daysLeft: 10, state: 'valid' },
      ]);
      should(listed().filter(({ kind }) => kind === 'root' || kind === 'authority')).have.length(4);
    });

    it('warns of what has no successor, and of nothing that was replaced or revoked', async () => {
      await issue(issuing(now, 10), press);
      should(expiryWarning(listed(), 30)).match(/^The client "acme.press-1" expires in 10 days/);
      should(expiryWarning(listed(inDays(12)), 30)).match(/expired 2 days ago/);
      should(expiryWarning(listed(), 10)).equal(undefined);
      await issue(issuing(inDays(1)), press);
      should(expiryWarning(listed(), 30)).equal(undefined);
      should(listed().filter(({ state }) => state === 'replaced')).have.length(1);
      revoke(register, 'acme.press-1', 'superseded', now);
      should(listed(inDays(80)).filter(({ state }) => state === 'revoked')).have.length(2);
      should(expiring(listed(inDays(80)), 30)).be.empty();
    });

    it('counts authorities and revocation lists too', async () => {
      await writeRevocationLists(directory, register, { now, days: 20 });
      should(expiring(listed(), 30)).match([{ kind: 'revocation list' }, { kind: 'revocation list' }]);
      should(expiring(listed(inDays(1810)), 30).some(({ kind }) => kind === 'authority')).equal(true);
    });
  });

  describe('renew', () => {
    it('finds what runs out and has its key here; others have to send a request', async () => {
      await issue(issuing(now, 20), press);
      const { due, elsewhere } = dueRenewals(issuing(), 30);
      due.should.be.empty();
      elsewhere.should.eql(['acme.press-1']);
      should(() => latestOf(issuing(), 'acme.press-1')).throw({ code: 'PKI_KEY_ELSEWHERE' });
      should(() => latestOf(issuing(), 'x')).throw({ code: 'PKI_UNKNOWN_CERTIFICATE' });
    });
  });

  describe('revoke', () => {
    it('puts every valid certificate of an account on the list of its authority, once', async () => {
      await issue(issuing(), press);
      await issue(issuing(), press);
      should(revoke(register, 'acme.press-1', 'keyCompromise', now)).have.length(2);
      should(revoke(register, 'acme.press-1', 'keyCompromise', now)).be.empty();
      await writeRevocationLists(directory, register, { now });
      should(readCrl(crlFile(directory, 'ca'))?.entries).have.length(2);
      should(readCrl(crlFile(directory, 'services-ca'))?.entries).have.length(0);
      should(() => revoke(register, 'acme.nobody', 'unspecified', now)).throw({
        code: 'PKI_UNKNOWN_CERTIFICATE',
      });
    });

    it('dates each list a second behind the one before, and none into the future', async () => {
      const times: number[] = [];
      for (let round = 0; round < 3; round++) {
        await writeRevocationLists(directory, register, { now });
        times.push(readCrl(crlFile(directory, 'ca'))?.thisUpdate.getTime() ?? 0);
      }
      should(times[1]).be.aboveOrEqual((times[0] ?? 0) + 1000);
      should(times[2]).be.aboveOrEqual((times[1] ?? 0) + 1000);
      should(times[2]).be.below(now.getTime());
    });

    it('is remembered, also when a power cut has left half a line behind', async () => {
      await issue(issuing(), press);
      revoke(register, 'acme.press-1', 'unspecified', now);
      appendFileSync(join(directory, 'register.jsonl'), '\n{"event":"issued","ser');
      register = new CertificateRegister(directory);
      await issue(issuing(), press);
      register = new CertificateRegister(directory);
      should(register.issued).have.length(2);
      should(register.revoked).have.length(1);
      (statSync(join(directory, 'register.jsonl')).mode & 0o777).should.equal(0o600);
    });
  });
});

describe('files of another authority (PRD: Let’s Encrypt)', () => {
  const server = { kind: 'server', commonName: 'x', hosts: ['broker.example.com'] } as const;

  async function chain() {
    const root = await createAuthority('Root', { now });
    const issuer = await createAuthority('R3', { now, issuer: root });
    return { root, issuer, pair: await issueCertificate(issuer, server, { now }) };
  }

  it('are taken with their chain in order, for the names asked for', async () => {
    const { pair } = await chain();
    checkServerPair(pair, ['broker.example.com'], now);
  });

  it('are refused with the code that says why', async () => {
    const { root, issuer, pair } = await chain();
    const other = await issueCertificate(issuer, server, { now });
    const client = await issueCertificate(issuer, { kind: 'client', account: 'a' }, { now });
    const faults = (given: typeof pair, hosts: string[] = [], at = now) => {
      try {
        checkServerPair(given, hosts, at);
        return undefined;
      } catch (fault) {
        return (fault as { code: string }).code;
      }
    };
    should(faults({ ...pair, privateKey: other.privateKey })).equal('PKI_PAIR_MISMATCH');
    should(faults({ ...pair, certificate: 'x' })).equal('PKI_PAIR_UNREADABLE');
    should(
      faults({ ...pair, certificate: (pemCertificates(pair.certificate)[0] ?? '') + root.certificate }),
    ).equal('PKI_CHAIN_BROKEN');
    should(faults(pair, ['other.example.com'])).equal('PKI_WRONG_NAME');
    should(faults(pair, [], inDays(91))).equal('PKI_EXPIRED');
    should(faults(client)).equal('PKI_WRONG_PURPOSE');
    should(faults(issuer)).equal('PKI_WRONG_PURPOSE');
  });
});

describe('a pair of files', () => {
  it('is replaced or stays as it was, and is never left by half', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'egiz-pair-'));
    try {
      const files = pairFiles(directory, 'server');
      const root = await createAuthority('Root', { now });
      const make = () => issueCertificate(root, { kind: 'client', account: 'a' }, { now });
      const [first, second] = [await make(), await make()];
      replacePair(files, first).keep();
      should(() => replacePair(files, { ...first, privateKey: second.privateKey })).throw({
        code: 'PKI_PAIR_MISMATCH',
      });
      should(readPair(files)).eql(first);
      replacePair(files, second).takeBack();
      should(readPair(files)).eql(first);
      should(() =>
        replacePair(files, second, (step) => {
          if (step === 'key') throw new Error('disk full');
        }),
      ).throw('disk full');
      should(readPair(files)).eql(first);
      should(recoverPair(files)).equal(false);
      (statSync(files.keyFile).mode & 0o777).should.equal(0o600);
      chmodSync(files.keyFile, 0o644);
      replacePair(files, second).keep();
      (statSync(files.keyFile).mode & 0o777).should.equal(0o640);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
