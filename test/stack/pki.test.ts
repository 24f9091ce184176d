import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { fingerprintOf, presentedFingerprint } from '../../lib/broker/handshake';
import { createAuthorities } from '../../lib/pki/authorities';
import { createAuthority, issueCertificate, type KeyPair } from '../../lib/pki/certificates';
import { filesOf, issue } from '../../lib/pki/enrol';
import { type KeyPairFiles, type PairStep, pairFiles, readPair, writePair } from '../../lib/pki/pair-files';
import { CertificateRegister } from '../../lib/pki/register';
import { writeRevocationLists } from '../../lib/pki/revocation';
import { rotatePair } from '../../lib/pki/rotation';
import { serviceFiles } from '../support/closed-broker';
import { InventoryBroker } from '../support/inventory-broker';
import { runCommand } from '../support/running-stack';

const INVENTORY = `tenants:
  - id: acme
    clients:
      - { id: press-1, type: opc-core-client, login: certificate }
      - { id: press-2, type: opc-core-client, login: certificate }
      - { id: press-3, type: opc-core-client }
services: [{ id: watch, role: monitoring }]
`;

describe('openegiz pki on a running Mosquitto (SEC-2, SEC-7)', function () {
  this.timeout(60_000);
  let broker: InventoryBroker;
  let inventory: string;
  before(async () => {
    broker = await InventoryBroker.start(INVENTORY);
    inventory = join(broker.directory, 'inventory.yaml');
    writeFileSync(inventory, INVENTORY);
  });
  after(() => broker?.close());
  afterEach(() => broker.closeLinks());

  const pki = (...args: string[]) => runCommand(['pki', ...args, '--directory', broker.pkiDirectory]);
  const client = (account: string) => filesOf(broker.pkiDirectory, { kind: 'client', name: account });
  const endpoints = () => Object.values(broker.ports).map((port) => ({ host: '127.0.0.1', port }));
  const probes = () => Object.values(broker.ports).flatMap((port) => ['--probe', `127.0.0.1:${port}`]);
  const shown = () => Promise.all(endpoints().map((endpoint) => presentedFingerprint(endpoint, 2_000)));
  const stored = () => fingerprintOf(readFileSync(broker.server.certFile, 'utf8'));
  const hupped = async (args: string[]) => {
    const before = broker.log().length;
    const outcome = await broker.untilReloaded(() => pki(...args, '--reload', broker.pidFile));
    should(outcome.code).equal(0, outcome.output);
    should(broker.log().slice(before)).not.containEql('Unable to load');
    return outcome.output;
  };

  it('lets a client in by the certificate of an intermediate, under the account of its common name', async () => {
    const link = await broker.login('acme.press-1', { certificate: client('acme.press-1') });
    should(await broker.publish(link, 'tenants/acme/clients/press-1/status')).not.equal(0x87);
    should(await broker.publish(link, 'tenants/acme/clients/press-2/status')).equal(0x87);
  });

  it("does not let a client's certificate open the listener of services, nor a service's that of clients", async () => {
    const listener = 'service-certificate';
    await broker.login('watch', { certificate: serviceFiles(broker, 'watch'), listener });
    await broker
      .login('acme.press-1', { certificate: client('acme.press-1'), listener })
      .should.be.rejectedWith(/TLS_/);
    await broker
      .login('watch', { certificate: serviceFiles(broker, 'watch') })
      .should.be.rejectedWith(/TLS_/);
    // Nor the server's own, which the same authority signed.
    await broker.login('x', { certificate: broker.server }).should.be.rejectedWith(/TLS_/);
  });

  it('renews with overlap: the new certificate and the one before both open the broker', async () => {
    const files = client('acme.press-2');
    const old = pairFiles(broker.directory, 'old');
    const before = readPair(files);
    if (before === undefined) throw new Error('no pair');
    writePair(old, before);
    const { code, output } = await pki('renew', 'acme.press-2', '--json');
    should(code).equal(0, output);
    should(readPair(files)?.privateKey).not.equal(before.privateKey);
    await broker.login('acme.press-2', { certificate: files });
    await broker.closeLinks();
    await broker.login('acme.press-2', { certificate: old });
  });

  it('signs a request made by openssl, and the broker takes the certificate', async () => {
    const at = (name: string) => join(broker.directory, name);
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at('own.key'));
    openssl('req', '-new', '-key', at('own.key'), '-subj', '/O=Acme/CN=acme.press-1', '-out', at('own.csr'));
    const { code, output } = await pki('sign', at('own.csr'), '--inventory', inventory);
    should(code).equal(0, output);
    await broker.login('acme.press-1', { certificate: { certFile: at('own.crt'), keyFile: at('own.key') } });
  });

  it('revokes: the broker refuses the certificate after a reload, and nobody else’s', async () => {
    const link = await broker.login('acme.press-1', { certificate: client('acme.press-1') });
    await hupped(['revoke', 'acme.press-1', '--reason', 'keyCompromise']);
    should(link.state.kind).equal('connected');
    await link.close();
    await broker
      .login('acme.press-1', { certificate: client('acme.press-1') })
      .should.be.rejectedWith(/TLS_|CONNECTION_LOST/);
    await broker.login('acme.press-2', { certificate: client('acme.press-2') });
    // Again within the same second: OpenSSL would keep the older of two lists of one second.
    await hupped(['revoke', 'acme.press-2']);
    await broker
      .login('acme.press-2', { certificate: client('acme.press-2') })
      .should.be.rejectedWith(/TLS_|CONNECTION_LOST/);
    await broker.login('watch', {
      certificate: serviceFiles(broker, 'watch'),
      listener: 'service-certificate',
    });
    // Renewed, it is let in again.
    await pki('renew', 'acme.press-2');
    await broker.login('acme.press-2', { certificate: client('acme.press-2') });
  });

  it('renews an intermediate with the key of the offline root, and what it signed stays valid', async () => {
    const away = join(broker.directory, 'offline');
    mkdirSync(away);
    renameSync(join(broker.pkiDirectory, 'root.key'), join(away, 'root.key'));
    const without = await pki('renew-authority', 'ca');
    should(without.code).equal(1);
    without.output.should.containEql('kept offline');
    const before = readFileSync(join(broker.pkiDirectory, 'ca.crt'), 'utf8');
    const { code, output } = await pki('renew-authority', 'ca', '--root-key', join(away, 'root.key'));
    should(code).equal(0, output);
    readFileSync(join(broker.pkiDirectory, 'ca.crt'), 'utf8').should.not.equal(before);
    await hupped(['crl']);
    await broker.login('acme.press-2', { certificate: client('acme.press-2') });
    await hupped(['revoke', 'acme.press-2']);
    await broker
      .login('acme.press-2', { certificate: client('acme.press-2') })
      .should.be.rejectedWith(/TLS_|CONNECTION_LOST/);
  });

  describe('rotates the server certificate', () => {
    it('without dropping a client, and a handshake with each listener shows the new one', async () => {
      const link = await broker.login('acme.press-3');
      const states: string[] = [];
      link.onState(({ kind }) => states.push(kind));
      const old = stored();
      const { code, output } = await pki('renew', 'server', '--reload', broker.pidFile, ...probes());
      should(code).equal(0, output);
      output.should.containEql('shows the new certificate');
      should(stored()).not.equal(old);
      (await shown()).should.eql(endpoints().map(stored));
      should(await broker.publish(link, 'tenants/acme/clients/press-3/status')).not.equal(0x87);
      should(states).eql(['connected']);
      (statSync(broker.server.keyFile).mode & 0o777).should.equal(0o600);
    });

    it("takes Let's Encrypt's files, and a broker with them is trusted by its chain", async () => {
      const now = new Date();
      const root = await createAuthority('Public root', { now });
      const issuer = await createAuthority('Public R3', { now, issuer: root });
      const hosts = ['broker.example.com', '127.0.0.1'];
      const pair = await issueCertificate(issuer, { kind: 'server', commonName: 'x', hosts }, { now });
      const files = pairFiles(broker.directory, 'public');
      writePair(files, pair);
      const args = ['--cert', files.certFile, '--key', files.keyFile, '--host', 'broker.example.com'];
      const { code, output } = await pki('import', ...args, '--reload', broker.pidFile, ...probes());
      should(code).equal(0, output);
      (await shown()).should.eql(endpoints().map(() => fingerprintOf(pair.certificate)));
      writeFileSync(join(broker.directory, 'public-root.crt'), root.certificate);
      const seen = openssl(
        's_client',
        ...['-connect', `127.0.0.1:${broker.ports.password}`, '-verify_return_error', '-brief'],
        ...['-CAfile', join(broker.directory, 'public-root.crt'), '-verify_hostname', 'broker.example.com'],
      );
      seen.should.containEql('Verification: OK');
      // Back to our own authority, for what comes next.
      await broker.enrol({ kind: 'server', hosts: ['localhost', '127.0.0.1'] });
      await hupped(['crl']);
    });

    const nextPair = async () => {
      const now = new Date();
      const root = await createAuthority('Other', { now });
      return issueCertificate(root, { kind: 'server', commonName: 'x', hosts: ['127.0.0.1'] }, { now });
    };

    it('not to a key of another certificate: nothing is touched', async () => {
      const old = stored();
      const files = pairFiles(broker.directory, 'mismatch');
      const [{ certificate }, { privateKey }] = [await nextPair(), await nextPair()];
      writePair(files, { certificate, privateKey });
      const { code, output } = await pki(
        ...[
          'import',
          '--cert',
          files.certFile,
          '--key',
          files.keyFile,
          '--reload',
          broker.pidFile,
          ...probes(),
        ],
      );
      should(code).equal(1);
      output.should.containEql('The key does not belong to the certificate');
      should(stored()).equal(old);
      (await shown()).should.eql(endpoints().map(() => old));
    });

    it('back to the old pair when the broker does not take the new one up', async () => {
      const [old, pair] = [stored(), await nextPair()];
      // Another listener of this machine, which never will show it.
      const other = await InventoryBroker.start(INVENTORY);
      try {
        const elsewhere = { host: '127.0.0.1', port: other.ports.password };
        const server = { pidFile: broker.pidFile, endpoints: [...endpoints(), elsewhere] };
        await rotatePair(broker.server, pair, server, 1_000).should.be.rejectedWith({
          code: 'PKI_ROTATION_FAILED',
          message: /shows another certificate; the old pair is back/,
        });
      } finally {
        await other.close();
      }
      should(stored()).equal(old);
      (await shown()).should.eql(endpoints().map(() => old));
    });

    it('mending what a power cut leaves, at whatever step it came', async () => {
      const [old, next] = [stored(), await nextPair()];
      for (const step of ['noted', 'key', 'certificate'] as const) {
        replaceAndDie(broker.server, next, step);
        const { code, output } = await pki('recover');
        should(code).equal(0, output);
        output.should.containEql('put back');
        should(stored()).equal(old);
        should(readdirSync(broker.pkiDirectory).filter((name) => name.endsWith('.before'))).be.empty();
        await broker.stop();
        await broker.run();
        (await shown()).should.eql(endpoints().map(() => old));
      }
    });

    it('never by half: at a reload that would shut newcomers out, and nobody could do anything', async () => {
      const link = await broker.login('acme.press-3');
      const old = readPair(broker.server);
      if (old === undefined) throw new Error('no pair');
      writeFileSync(broker.server.certFile, (await nextPair()).certificate);
      await broker.hangUp();
      for (const endpoint of endpoints()) await presentedFingerprint(endpoint, 2_000).should.be.rejected();
      // Mosquitto 2.0 leaves the reload before it has read the rights.
      should(await broker.publish(link, 'tenants/acme/clients/press-3/status')).equal(0x87);
      writePair(broker.server, old);
      await hupped(['crl']);
      (await shown()).should.eql(endpoints().map(stored));
      should(await broker.publish(link, 'tenants/acme/clients/press-3/status')).not.equal(0x87);
    });
  });

  it('takes up another authority at a reload, beside the one there is: the broker has revocation lists', async () => {
    const next = join(broker.directory, 'next');
    const now = new Date();
    await createAuthorities(next, { name: 'Next', now });
    const register = new CertificateRegister(next);
    const files = pairFiles(next, 'acme.press-1');
    writePair(
      files,
      await issue({ directory: next, register, now }, { kind: 'client', account: 'acme.press-1' }),
    );
    await broker.login('acme.press-1', { certificate: files }).should.be.rejectedWith(/TLS_/);
    await writeRevocationLists(next, register, { now });
    for (const name of ['ca.crt', 'ca.crl']) {
      appendFileSync(join(broker.pkiDirectory, name), readFileSync(join(next, name)));
    }
    await broker.hangUp();
    await broker.login('acme.press-1', { certificate: files });
    await broker.login('acme.press-3');
  });

  it('with a revocation list that has run out, refuses every certificate, until there is a new one', async () => {
    const watch = { certificate: serviceFiles(broker, 'watch'), listener: 'service-certificate' } as const;
    await broker.login('watch', watch);
    const crl = join(broker.pkiDirectory, 'services-ca.crl');
    rmSync(crl);
    const long = new Date(Date.now() - 400 * 86_400_000);
    await writeRevocationLists(broker.pkiDirectory, new CertificateRegister(broker.pkiDirectory), {
      now: long,
    });
    await broker.stop();
    await broker.run();
    await broker.login('watch', watch).should.be.rejectedWith(/TLS_|CONNECTION_LOST/);
    await hupped(['crl']);
    await broker.login('watch', watch);
  });
});

/** Replaces the pair in a process that is killed at the step. */
function replaceAndDie(files: KeyPairFiles, pair: KeyPair, at: PairStep): void {
  const child = join(__dirname, '../support/pair-child.js');
  const { signal } = spawnSync(process.execPath, [child, JSON.stringify({ files, pair, at })]);
  should(signal).equal('SIGKILL');
}

function openssl(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8', input: '' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
  return stdout + stderr;
}
