import should from 'should';
import { makePremises, runCheck, tableOf } from '../support/conformance';
import { HiveMq } from '../support/hivemq';

/** HiveMQ Community Edition 2025.5 with the same accounts, rights, certificates and limits. */
const EXPECTED = [
  'pass FR-2.1: the name is right, the authority is trusted, N days are left',
  'pass SEC-1: TLS 1.3 is negotiated, a client of TLS 1.2 or 1.1 gets an alert',
  "pass NFR-6: median N ms of 5, the network's way included",
  'pass FR-1.3: 4 accounts',
  'pass FR-2.3: CONNACK: not authorised (0x87); it says: no such account, or wrong password; No secure connection to it: the broker refuses our certificate (ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE)',
  'pass FR-2.4: CONNACK: not authorised (0x87); it says: no such account, or wrong password',
  'pass SEC-2/foreign: No secure connection to BROKER: the broker refuses our certificate (ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN)',
  'pass SEC-2/expired: No secure connection to BROKER: the broker refuses our certificate (ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN)',
  'pass SEC-2/revoked: CONNACK: not authorised (0x87); it says: the certificate is revoked',
  "pass SPEC-2/client-id: the borrower is refused: CONNACK: it does not accept the client id (0x85); it says: the client id is another's",
  'pass FR-2.5: 2 ways between accounts, each delivered',
  'pass SEC-4/write: 4 topics: PUBACK 0x87',
  'pass SEC-4/read: 4 messages not sent to it; SUBSCRIBE refused (0x87)',
  'pass SEC-4/wildcard: 4 messages not sent to it; SUBSCRIBE refused (0x87)',
  'pass SEC-4/retained: not sent; SUBSCRIBE refused (0x87)',
  'pass SEC-4/share: the group got all of 10; SUBSCRIBE refused (0x87)',
  "pass SEC-4/will: CONNECT with such a will is refused: CONNACK: not authorised (0x87); it says: Will Publish is not authorized for topic 'tenants/check/clients/second/status' with QoS 'AT_LEAST_ONCE' and retain 'false'",
  'pass SEC-4/sys: nothing sent; SUBSCRIBE refused (0x87)',
  'pass FR-1.6/cut: after N s',
  'pass FR-1.6/silent: after N s with a keep-alive of 5 s',
  'pass SPEC-2/retained: kept, marked, cleared by an empty message',
  'pass SPEC-3/0x10: 0x10 without a subscriber, 0x00 with one',
  'NFR-1: measured',
  'pass FR-2.9: 24 h asked, 24 h granted, and the session was there; whoever asks for one without end is told 24 h',
  'pass FR-2.9/end: it is gone 12 s after a session of 1 s was left',
  'pass SPEC-3/queue: 5 of 5, in order, each once',
  'pass FR-2.8: 5 of 5, in order, each once',
  // The Community Edition has no $SYS and no limit of messages a second.
  'fail FR-2.10: nothing was published there for 25 s',
  'fail FR-5.1/dropped: nothing is published under $SYS',
  'pass FR-2.6: N of 60 sent to a client that takes 20; the broker announces 100 itself',
  'pass FR-2.6/release: N open, one acknowledged, N open',
  'pass FR-2.7: 256 KB are taken, 264192 bytes answered by DISCONNECT: a packet of ours was larger than it allows (0x95); it says: Size of the message sent was too large.; Maximum Packet Size 263168',
  'fail SEC-5: 400 of 400 messages taken in N s',
];

/** A check of MQTT 5 and not of Mosquitto: the same command, unchanged, on a broker that shares no code with it. */
describe('openegiz broker check on HiveMQ Community Edition', function () {
  // The first run fetches and builds it.
  this.timeout(600_000);
  let broker: HiveMq;

  before(async () => {
    broker = new HiveMq(await makePremises());
    await broker.start();
  });
  after(() => broker?.close());

  it('finds what that broker keeps and what it does not, and exits 1', async () => {
    const { code, report } = await runCheck(broker.premises, broker);
    // It sends from its queue as it finds time: how many at first is chance, that it is not more than 20 is not.
    const table = tableOf(report.results).map((line) => line.replace(/^(pass FR-2\.6\S*): \d+/, '$1: N'));
    table.should.eql(EXPECTED);
    should(report.failed).equal(3);
    should(code).equal(1);
  });
});
