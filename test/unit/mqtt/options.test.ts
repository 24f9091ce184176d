import 'should';
import { linkSettings } from '../../../lib/mqtt/options';

const clientId = 'c';

describe('the address of a broker', () => {
  for (const [url, host, port, secure] of [
    ['mqtts://broker.example.com', 'broker.example.com', 8883, true],
    ['mqtts://[::1]:8884', '::1', 8884, true],
    ['mqtt://127.0.0.1', '127.0.0.1', 1883, false],
    ['mqtt://localhost:1885', 'localhost', 1885, false],
  ] as const) {
    it(`takes ${url}`, () => {
      const settings = linkSettings({ url, clientId });
      settings.should.match({ host, port });
      (settings.tls !== undefined).should.equal(secure);
    });
  }

  for (const url of ['', 'broker', 'https://broker', 'ws://broker', 'mqtts://user:secret@broker']) {
    it(`refuses ${JSON.stringify(url)}`, () => {
      (() => linkSettings({ url, clientId })).should.throw({ code: 'MQTT_URL_INVALID' });
    });
  }

  it('does not leave the machine without TLS unless that is allowed', () => {
    const url = 'mqtt://broker.example.com';
    (() => linkSettings({ url, clientId })).should.throw({ code: 'MQTT_PLAINTEXT_REFUSED' });
    linkSettings({ url, clientId, allowPlaintext: true }).host.should.equal('broker.example.com');
  });

  it('never repeats a password that stands in it', () => {
    try {
      linkSettings({ url: 'mqtts://user:secret@broker', clientId });
    } catch (fault) {
      String(fault).should.not.containEql('secret');
    }
  });
});
