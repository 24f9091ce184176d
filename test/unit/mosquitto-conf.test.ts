import 'should';
import { aclDecides, type GuardPlugin } from '../../lib/broker/guard-conf';
import { type MosquittoOptions, mosquittoConf } from '../../lib/broker/mosquitto-conf';
import { brokerLimits, messageRate } from '../../lib/broker/sizing';
import type { Device, Inventory } from '../../lib/inventory/inventory';

const OPTIONS: MosquittoOptions = {
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
};
const conf = mosquittoConf(OPTIONS);

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

  it('loads the guard where there is one, and lets it see services log in (SEC-4 to SEC-6)', () => {
    const guard: GuardPlugin = {
      pluginFile: '/lib/egiz_guard.so',
      guardFile: '/broker/guard',
      auditFile: '/log/audit.jsonl',
      aclDecides: 'both',
    };
    const both = mosquittoConf({ ...OPTIONS, guard });
    both.should.match(/^plugin \/lib\/egiz_guard\.so$/m);
    both.should.match(/^acl_file \/broker\/acl$/m);
    both.match(/^use_identity_as_username true$/gm)?.should.have.length(1);
    const alone = mosquittoConf({ ...OPTIONS, guard: { ...guard, aclDecides: 'guard' } });
    alone.should.not.match(/^acl_file /m);
    alone.should.match(/^plugin_opt_acl_file \/broker\/acl$/m);
    aclDecides('2.0.11', 12).should.equal('both');
    aclDecides('2.0.11', 10_000).should.equal('guard');
    aclDecides('2.1.2', 12).should.equal('guard');
  });

  it('gives local tools a listener on the loopback address alone, whatever the others listen on', () => {
    const listeners = [{ login: 'local-tools', port: 8886 }] as const;
    const { bindAddress, ...everywhere } = OPTIONS;
    mosquittoConf({ ...everywhere, listeners }).should.match(/^listener 8886 127\.0\.0\.1$/m);
  });
});

describe('the broker’s limits for an inventory (FR-2.6, NFR-4)', () => {
  const boards = (count: number): Inventory => {
    const device: Device = { id: 'd', sensor: 'thermal', login: 'password', limits: {}, labels: {} };
    const devices = Array.from({ length: count }, () => device);
    const equipment = [{ id: 'e', type: 'oven', devices, labels: {} }];
    return { tenants: [], factories: [{ id: 'f', tenant: 'a', equipment, labels: {} }], services: [] };
  };

  it('count a message a second for each board (FR-1.4)', () => {
    messageRate(boards(12)).should.equal(12);
    messageRate(boards(0)).should.equal(0);
  });

  it('are the defaults for a few boards, and two flushes of the archive and ten minutes for many', () => {
    brokerLimits(boards(12)).should.match({ maxInflightMessages: 20_000, maxQueuedMessages: 100_000 });
    brokerLimits(boards(15_000)).should.match({ maxInflightMessages: 30_000, maxQueuedMessages: 1_000_000 });
    brokerLimits(boards(40_000)).maxInflightMessages.should.equal(65_535);
  });
});
