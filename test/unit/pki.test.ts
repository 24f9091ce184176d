import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { createAuthorities } from '../../lib/pki/authorities';
import { createAuthority, daysLeft, issueCertificate } from '../../lib/pki/certificates';
import { developmentPki } from '../../lib/pki/directory';

const now = new Date('2026-01-01T00:00:00Z');

describe('certificates (SEC-2, SEC-7)', () => {
  it('are on EC P-256, with the account as the common name and 90 days to live', async () => {
    const authority = await createAuthority('Test CA', { now });
    const pair = await issueCertificate(authority, { kind: 'client', account: 'acme.press-line-1' }, { now });
    const certificate = new X509Certificate(pair.certificate);
    certificate.subject.should.equal('CN=acme.press-line-1');
    certificate.verify(new X509Certificate(authority.certificate).publicKey).should.equal(true);
    should(certificate.publicKey.asymmetricKeyDetails).containEql({ namedCurve: 'prime256v1' });
    should(certificate.keyUsage).eql(['1.3.6.1.5.5.7.3.2']);
    Math.round(daysLeft(pair.certificate, now)).should.equal(90);
  });

  it('chain through an intermediate that may sign leaves only', async () => {
    const root = await createAuthority('Root', { now });
    const intermediate = await createAuthority('Intermediate', { now, issuer: root });
    const leaf = await issueCertificate(intermediate, { kind: 'client', account: 'a' }, { now });
    const parsed = new X509Certificate(leaf.certificate);
    parsed.checkIssued(new X509Certificate(intermediate.certificate)).should.equal(true);
    new X509Certificate(intermediate.certificate)
      .checkIssued(new X509Certificate(root.certificate))
      .should.equal(true);
  });

  it('refuse an account that no common name can hold', async () => {
    const authority = await createAuthority('Test CA', { now });
    const subject = { kind: 'client', account: 'a'.repeat(65) } as const;
    await issueCertificate(authority, subject, { now }).should.be.rejectedWith({ code: 'PKI_NAME_TOO_LONG' });
  });
});

describe('development PKI', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-pki-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('answers to localhost, 127.0.0.1, ::1 and the names given', async () => {
    const pki = await developmentPki(directory, { hosts: ['edge.example'], now });
    const server = new X509Certificate(readFileSync(pki.server.certFile));
    for (const name of ['localhost', 'edge.example']) should(server.checkHost(name)).equal(name);
    for (const address of ['127.0.0.1', '::1']) should(server.checkIP(address)).equal(address);
  });

  it('keeps what is good over runs and keys to the owner alone', async () => {
    const first = await developmentPki(directory, { clients: ['telegraf'], now });
    const before = readFileSync(first.caFile, 'utf8');
    const second = await developmentPki(directory, { clients: ['telegraf', 'watch'], now });
    readFileSync(second.caFile, 'utf8').should.equal(before);
    [...second.clients.keys()].should.eql(['telegraf', 'watch']);
    const services = await developmentPki(directory, { services: ['svc'], now });
    for (const { keyFile } of [...services.services.values()]) {
      (statSync(keyFile).mode & 0o777).should.equal(0o600);
    }
    for (const { keyFile } of [second.server, ...second.clients.values()]) {
      (statSync(keyFile).mode & 0o777).should.equal(0o600);
    }
  });

  it('signs services by an authority that signs no clients', async () => {
    const pki = await developmentPki(directory, { clients: ['a'], services: ['svc'], now });
    const authority = new X509Certificate(readFileSync(pki.serviceCaFile)).publicKey;
    const signedByServices = (files: { certFile: string } | undefined) =>
      new X509Certificate(readFileSync(files?.certFile ?? '')).verify(authority);
    signedByServices(pki.services.get('svc')).should.equal(true);
    signedByServices(pki.clients.get('a')).should.equal(false);
    signedByServices(pki.server).should.equal(false);
  });

  it('uses the authorities an owner has made, and never replaces them', async () => {
    await createAuthorities(directory, { name: 'Owner', now });
    const authority = readFileSync(join(directory, 'ca.crt'), 'utf8');
    const later = new Date(now.getTime() + 1_800 * 86_400_000);
    const pki = await developmentPki(directory, { clients: ['a'], services: ['svc'], now: later });
    readFileSync(join(directory, 'ca.crt'), 'utf8').should.equal(authority);
    const leaf = new X509Certificate(readFileSync(pki.clients.get('a')?.certFile ?? ''));
    leaf.verify(new X509Certificate(authority).publicKey).should.equal(true);
  });

  it('renews what is about to expire and what is damaged', async () => {
    const pki = await developmentPki(directory, { clients: ['a', 'b'], now });
    const a = pki.clients.get('a');
    if (a === undefined) throw new Error('no certificate for a');
    writeFileSync(a.keyFile, 'damaged');
    const old = readFileSync(pki.server.certFile, 'utf8');
    const later = new Date(now.getTime() + 61 * 86_400_000);
    await developmentPki(directory, { clients: ['a', 'b'], now: later });
    readFileSync(pki.server.certFile, 'utf8').should.not.equal(old);
    readFileSync(a.keyFile, 'utf8').should.startWith('-----BEGIN PRIVATE KEY-----');
  });
});
