import 'should';
import { causeOfError, causeOfReason } from '../../../lib/mqtt/reasons';

describe('why there is no connection, in words', () => {
  it('names the reason code and what the broker itself says', () => {
    causeOfReason('The broker refused the connection', 0x87, 'ask Olga').should.eql({
      code: 'MQTT_NOT_AUTHORISED',
      reason: 'The broker refused the connection: not authorised (0x87); it says: ask Olga',
    });
  });

  it('says so when a client id is used twice (0x8E)', () => {
    causeOfReason('The broker ended the connection', 0x8e).should.match({
      code: 'MQTT_SESSION_TAKEN_OVER',
      reason: /used twice/,
    });
  });

  it('does not hide a reason code it does not know', () => {
    causeOfReason('Refused', 0xf0).should.match({ code: 'MQTT_REFUSED', reason: /0xF0/ });
  });

  it("reads OpenSSL's text when Node gives no code of its own", () => {
    const text =
      'write EPROTO 40:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:x.c:1';
    const error = Object.assign(new Error(text), { code: 'EPROTO' });
    causeOfError(error, 'broker:8883').code.should.equal('TLS_VERSION');
  });

  for (const [system, code] of [
    ['ECONNREFUSED', 'MQTT_UNREACHABLE'],
    ['ENOTFOUND', 'MQTT_UNREACHABLE'],
    ['CERT_HAS_EXPIRED', 'TLS_EXPIRED'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS_WRONG_NAME'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'TLS_UNTRUSTED'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLS_UNTRUSTED'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLS_VERSION'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS_NOT_TLS'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'TLS_CERTIFICATE_REQUIRED'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'TLS_CERTIFICATE_REFUSED'],
    ['ERR_SSL_SOMETHING_NEW', 'TLS_FAILED'],
    ['EWHATEVER', 'MQTT_CONNECTION_FAILED'],
  ] as const) {
    it(`calls ${system} ${code}`, () => {
      causeOfError(Object.assign(new Error('text'), { code: system }), 'broker:8883').code.should.equal(code);
    });
  }
});
