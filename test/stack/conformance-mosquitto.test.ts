import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import {
  checkArguments,
  makePremises,
  type Premises,
  runCheck,
  startGenerated,
  tableOf,
} from '../support/conformance';
import { type TestBroker, until } from '../support/mosquitto';
import { RunningCommand } from '../support/running-stack';

/** Debian's Mosquitto 2.0.11 with the generated configuration and without the guard plugin. */
const EXPECTED = [
  'pass FR-2.1: the name is right, the authority is trusted, N days are left',
  'pass SEC-1: TLS 1.3 is negotiated, a client of TLS 1.2 or 1.1 gets an alert',
  "pass NFR-6: median N ms of 5, the network's way included",
  'pass FR-1.3: 4 accounts',
  'pass FR-2.3: CONNACK: not authorised (0x87); No secure connection to it: the broker asks for a client certificate (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)',
  'pass FR-2.4: CONNACK: not authorised (0x87)',
  'pass SEC-2/foreign: No secure connection to BROKER: the broker refuses our certificate (ERR_SSL_TLSV1_ALERT_UNKNOWN_CA)',
  'pass SEC-2/expired: No secure connection to BROKER: the broker refuses our certificate (ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED)',
  'pass SEC-2/revoked: No secure connection to BROKER: the broker refuses our certificate (ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED)',
  'pass SPEC-2/client-id: the borrower is given a client id of its own',
  'pass FR-2.5: 2 ways between accounts, each delivered',
  'pass SEC-4/write: 4 topics: PUBACK 0x87',
  'pass SEC-4/read: 4 messages not sent to it; SUBSCRIBE granted',
  'pass SEC-4/wildcard: 4 messages not sent to it; SUBSCRIBE granted',
  'pass SEC-4/retained: not sent; SUBSCRIBE granted',
  // Needs the guard plugin: Mosquitto grants every SUBSCRIBE.
  'fail SEC-4/share: "check.first" joined the group of "egiz-config", and N of 10 messages were lost to it',
  'pass SEC-4/will: a will on tenants/check/clients/second/status was not published',
  'pass SEC-4/sys: nothing sent; SUBSCRIBE granted',
  'pass FR-1.6/cut: after N s',
  'pass FR-1.6/silent: after N s with a keep-alive of 5 s',
  'pass SPEC-2/retained: kept, marked, cleared by an empty message',
  'pass SPEC-3/0x10: 0x10 without a subscriber, 0x00 with one',
  'NFR-1: measured',
  'pass FR-2.9: 24 h asked, 24 h granted, and the session was there; whoever asks for one without end is told nothing of a limit',
  'pass FR-2.9/end: it is gone 12 s after a session of 1 s was left',
  'pass SPEC-3/queue: 5 of 5, in order, each once',
  'pass FR-2.8: 5 of 5, in order, each once',
  'pass FR-2.10: N figures',
  'pass FR-5.1/dropped: $SYS/broker/publish/messages/dropped went from 0 to 20; the publisher was told nothing',
  'pass FR-2.6: 20 of 60 sent to a client that takes 20; the broker announces 20000 itself',
  // An error of Mosquitto before 2.0.13.
  'fail FR-2.6/release: one acknowledgement, and 39 were open at a client that takes 20',
  'pass FR-2.7: 256 KB are taken, 264192 bytes answered by DISCONNECT: a packet of ours was larger than it allows (0x95); Maximum Packet Size 263168',
  // Needs the guard plugin.
  'fail SEC-5: 400 of 400 messages taken in N s',
];

describe("openegiz broker check on Debian's Mosquitto as generated", function () {
  this.timeout(180_000);
  let premises: Premises;
  let broker: TestBroker;

  before(async () => {
    premises = await makePremises();
    broker = await startGenerated(premises);
  });
  after(() => broker?.close());

  it('finds what plain Mosquitto keeps and what it does not, and exits 1', async () => {
    const { code, report } = await runCheck(premises, broker);
    tableOf(report.results).should.eql(EXPECTED);
    should(report.failed).equal(3);
    should(code).equal(1);
  });

  it('cleans up when it is stopped, and exits 1', async () => {
    const command = new RunningCommand(checkArguments(premises).filter((one) => one !== '--json'));
    // In the midst of FR-1.6/silent.
    await until('well under way', () => /FR-1\.6\/cut/.test(command.output), 60_000);
    command.kill('SIGINT');
    const { code, output } = await command.ended;
    output.should.match(/The check was stopped; what it had made is cleaned up/);
    should(code).equal(1);
  });

  it('leaves no session, no queued and no retained message behind', async () => {
    await broker.stop();
    const kept = readFileSync(join(premises.directory, 'data', 'mosquitto.db'), 'latin1');
    kept.should.not.match(/check-[0-9a-f]{16}|check\.first|check\.second|egiz-config-check/);
  });
});
