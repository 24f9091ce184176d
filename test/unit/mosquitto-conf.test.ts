import 'should';
import { mosquittoConf } from '../../lib/broker/mosquitto-conf';

const conf = mosquittoConf({
  listeners: [
    { login: 'password', port: 8883 },
    { login: 'client-certificate', port: 8884 },
    { login: 'service-certificate', port: 8885 },
  ],
  bindAddress: '127.0.0.1',
  caFile: '/pki/ca.crt',
  serviceCaFile: '/pki/services-ca.crt',
  certFile: '/pki/server.crt',
  keyFile: '/pki/server.key',
  aclFile: '/broker/acl',
  passwordFile: '/broker/passwords',
  persistenceDirectory: '/broker/data',
  user: 'mosquitto',
});

/** The part of one listener. */
function listener(port: number): string {
  return conf.split('\n\n').find((section) => section.includes(`listener ${port} `)) ?? '';
}

describe('mosquitto.conf', () => {
  it('says before each line which requirement it answers', () => {
    const lines = conf.split('\n').filter((line) => line !== '');
    const directives = lines.filter((line) => !line.startsWith('#'));
    for (const directive of directives) {
      (lines[lines.indexOf(directive) - 1] ?? '').should.match(/^# ./, directive);
    }
  });

  it('admits nobody without an account and nothing older than TLS 1.3 (SEC-1)', () => {
    conf.should.containEql('allow_anonymous false');
    conf.match(/^listener /gm)?.should.have.length(3);
    conf.match(/^tls_version tlsv1\.3$/gm)?.should.have.length(3);
  });

  it('forces the client id where clients and devices log in, not where services do (SPEC 2)', () => {
    listener(8883).should.containEql('use_username_as_clientid true');
    listener(8884).should.containEql('use_username_as_clientid true');
    listener(8885).should.not.containEql('use_username_as_clientid');
  });

  it('trusts the services authority on the services listener and nowhere else (SPEC 2)', () => {
    listener(8884).should.containEql('cafile /pki/ca.crt');
    listener(8885).should.containEql('cafile /pki/services-ca.crt');
    conf.match(/services-ca/g)?.should.have.length(1);
  });
});
