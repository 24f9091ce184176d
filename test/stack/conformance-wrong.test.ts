import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { checkOptions } from '../../cli/broker-check-options';
import { renderAcl } from '../../lib/acl/mosquitto';
import { REQUIREMENTS } from '../../lib/conformance/requirements';
import { checkBroker } from '../../lib/conformance/run';
import {
  checkArguments,
  checkSome,
  makePremises,
  type Premises,
  startGenerated,
} from '../support/conformance';
import { startMosquitto, type TestBroker } from '../support/mosquitto';
import { freePort } from '../support/ports';
import { runCommand } from '../support/running-stack';

/** A check that cannot fail shows nothing: each wrong broker fails exactly the requirement it breaks. */
describe('openegiz broker check on a broker that is configured wrongly', function () {
  this.timeout(120_000);
  let premises: Premises;
  let broker: TestBroker | undefined;

  beforeEach(async () => {
    premises = await makePremises();
  });
  afterEach(async () => {
    await broker?.close();
    broker = undefined;
  });

  const wrong: [string, (conf: string) => string, RegExp, Record<string, RegExp>][] = [
    [
      'TLS 1.2 allowed',
      (conf) => conf.replaceAll('tls_version tlsv1.3', 'tls_version tlsv1.2'),
      /^SEC-1$|NFR-6/,
      { 'SEC-1': /^mqtts:\/\/127\.0\.0\.1:\d+ accepts TLSv1\.2$/ },
    ],
    [
      'anonymous access',
      // With the account as client id Mosquitto refuses whoever has none, all the same.
      (conf) =>
        conf
          .replace('allow_anonymous false', 'allow_anonymous true')
          .replaceAll('use_username_as_clientid true', ''),
      /FR-2\.[34]/,
      { 'FR-2.3': /lets in a client without account and certificate$/ },
    ],
    [
      'no persistence',
      (conf) => conf.replace('persistence true', 'persistence false'),
      /FR-2\.8|SPEC-3\/queue/,
      { 'FR-2.8': /^the session was not there any more$/ },
    ],
    [
      'client ids that anybody may choose',
      (conf) => conf.replaceAll('use_username_as_clientid true', ''),
      /SPEC-2\/client-id/,
      {
        'SPEC-2/client-id':
          /"check\.second" asked for the client id of "check\.first", whose connection was ended/,
      },
    ],
    [
      'no limit of size',
      (conf) => conf.replace(/^(message_size_limit|max_packet_size) .*$/gm, ''),
      /FR-2\.7/,
      { 'FR-2.7': /^264192 bytes are taken \(0x10\); Maximum Packet Size not announced$/ },
    ],
    [
      'no revocation list',
      (conf) => conf.replace(/^crlfile .*$/gm, ''),
      /SEC-2/,
      { 'SEC-2/revoked': /lets in a certificate that is revoked$/ },
    ],
    [
      'no retained messages',
      (conf) => `retain_available false\n${conf}`,
      /SPEC-2\/retained/,
      { 'SPEC-2/retained': /^the broker says that it retains nothing$/ },
    ],
  ];
  for (const [what, change, ids, expected] of wrong) {
    it(`says why it fails with ${what}`, async () => {
      broker = await startGenerated(premises, { change });
      failuresOf(await checkSome(premises, broker, ids)).should.match(expected);
    });
  }

  it('says why it fails with an ACL that lets one account reach another', async () => {
    const acl = renderAcl(premises.rights).replace(
      'user check.first\n',
      'user check.first\ntopic readwrite tenants/#\n',
    );
    broker = await startGenerated(premises, { acl });
    const failures = failuresOf(
      await checkSome(premises, broker, /SEC-4\/(write|read|wildcard|retained|will)/),
    );
    failures.should.match({
      'SEC-4/write':
        /^"check\.first" published tenants\/check\/clients\/second\/status, and "egiz-config" was sent it$/,
      'SEC-4/read': /^"check\.first" subscribed to .* and was sent tenants\/check\/clients\/second\//,
      'SEC-4/wildcard': /^"check\.first" subscribed to #, .* and was sent tenants\/check\/clients\/second\//,
      'SEC-4/retained':
        /^"check\.first" was sent the message retained on tenants\/check\/clients\/second\/status$/,
      'SEC-4/will': /^the will of "check\.first" was published on tenants\/check\/clients\/second\/status$/,
    });
  });

  it('says what to give where something was not given, and does not fail for it', async () => {
    broker = await startGenerated(premises);
    const { code, output } = await runCommand(checkArguments(premises).slice(0, 7));
    const { results } = JSON.parse(output) as { results: { id: string; verdict: string; reason: string }[] };
    const of = (id: string) => results.find((result) => result.id === id)?.reason;
    should(code).equal(0);
    should(of('SEC-4/write')).equal('give --account');
    should(of('FR-2.10')).equal('give --monitor-account');
    should(of('FR-2.8')).equal('give --restart, a command that restarts the broker');
    should(of('SEC-2/revoked')).equal(
      'give --revoked-cert and --revoked-key, or --pki after openegiz pki revoke',
    );
  });

  it('fails one requirement, not all, when an account cannot log in', async () => {
    broker = await startGenerated(premises);
    writeFileSync(join(premises.files.passwordDirectory, 'check.first'), 'not the password at all');
    const results = await checkSome(premises, broker, /FR-1\.3|FR-2\.5|FR-2\.3/);
    failuresOf(results).should.match({ 'FR-1.3': /^"check\.first": CONNACK: not authorised \(0x87\)$/ });
    should(results['FR-2.5']?.reason).match(/^account "check\.first" cannot log in/);
  });

  it('takes a broker with topics and accounts of its own, and says that it is not encrypted', async () => {
    broker = await startMosquitto({
      accounts: { a: 'secret-a', b: 'secret-b', s: 'secret-s' },
      acl: [
        ...['user a', 'topic write plant/a/#', 'topic read plant/cmd/a'],
        ...['user b', 'topic write plant/b/#', 'topic read plant/cmd/b'],
        ...['user s', 'topic read plant/+/#', 'topic write plant/cmd/+'],
      ],
    });
    const password = (name: string) => join(premises.directory, name);
    for (const name of ['a', 'b', 's']) writeFileSync(password(name), `secret-${name}\n`);
    const account = (
      prefix: string,
      name: string,
      write: string,
      read: string,
    ): [string, string | string[]][] => [
      [`${prefix}account`, name],
      [`${prefix}password-file`, password(name)],
      [`${prefix}write`, [write]],
      [`${prefix}read`, [read]],
    ];
    const flags = new Map<string, string | string[]>([
      ['url', broker.url],
      ...account('', 'a', 'plant/a/#', 'plant/cmd/a'),
      ...account('second-', 'b', 'plant/b/#', 'plant/cmd/b'),
      ...account('service-', 's', 'plant/cmd/+', 'plant/+/#'),
    ]);
    const ids = /^(SEC-[14]|FR-2\.[3-6]$|SPEC-3)/;
    const results = await checkBroker(
      await checkOptions(flags),
      undefined,
      REQUIREMENTS.filter(({ id }) => ids.test(id)),
    );
    failuresOf(Object.fromEntries(results.map((result) => [result.id, result]))).should.match({
      'SEC-1': /^mqtt:\/\/127\.0\.0\.1:\d+ is not encrypted at all$/,
      'SEC-4/share': /messages were lost to it$/,
    });
    results.filter(({ verdict }) => verdict === 'pass').length.should.equal(results.length - 2);
  });

  it('does not take a broker that is not there for one that refuses', async () => {
    const { code, output } = await runCommand([
      'broker',
      'check',
      '--json',
      '--url',
      `mqtts://127.0.0.1:${await freePort()}`,
    ]);
    should(code).equal(1);
    should(JSON.parse(output)).match({ error: { code: 'BROKER_UNREACHABLE' } });
  });
});

/** Id -> reason of what failed; nothing else may have. */
function failuresOf(results: Record<string, { verdict: string; reason: string }>): Record<string, string> {
  const failed = Object.entries(results).filter(([, { verdict }]) => verdict === 'fail');
  return Object.fromEntries(failed.map(([id, { reason }]) => [id, reason]));
}
