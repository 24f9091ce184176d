import type { Node, NodeInitializer } from 'node-red';
import helper from 'node-red-node-test-helper';
import should from 'should';
import type { BrokerNode } from '../../nodes/egiz-broker/broker-node';
import { type MosquittoOptions, startMosquitto, type TestBroker, until } from '../support/mosquitto';
import { nodeOf } from './flow';

import brokerNode = require('../../nodes/egiz-broker/egiz-broker');

/** Node-RED's own node, which the dialog of ours refers to. */
const tlsNode = require('@node-red/nodes/core/network/05-tls.js') as NodeInitializer;

const ACCOUNTS = { 'acme.press-1': 'right', service: 'right' };

describe('the broker connection', function () {
  this.timeout(20_000);
  let broker: TestBroker;
  let node: BrokerNode;
  let log: string[];

  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });

  after((done) => {
    helper.stopServer(done);
  });

  afterEach(async () => {
    await helper.unload();
    await broker.close();
    delete process.env.EGIZ_TEST_PASSWORD;
  });

  /** Starts a broker and the node, and makes the node connect. */
  async function load(
    options: MosquittoOptions,
    config: Record<string, unknown>,
    credentials: Record<string, string> = {},
  ): Promise<void> {
    broker = await startMosquitto(options);
    const tls = { id: 'tls', type: 'tls-config', ca: broker.pki.caFile, verifyservercert: true };
    const tested = { id: 'mqtt', type: 'egiz-broker', url: broker.url, ...config };
    const entries = Object.fromEntries(
      Object.entries(tested).map(([name, value]) => [name, value === 'TLS' ? broker.tlsUrl : value]),
    ) as unknown as { id: string; type: string };
    await helper.load([tlsNode, brokerNode], [{ id: 'flow', type: 'tab' }, tls, entries], {
      mqtt: credentials,
    });
    node = nodeOf('mqtt') as BrokerNode;
    log = [];
    for (const level of ['log', 'warn', 'error'] as const) {
      node[level] = ((text: unknown) => log.push(`${level}: ${text}`)) as never;
    }
    node.register(node as Node);
  }

  const connected = () =>
    until('connected', () =>
      [node.publisher, node.receiver].every(({ state }) => state.kind === 'connected'),
    );

  it('of a service opens two connections, of which the receiver keeps a session', async () => {
    await load({}, { role: 'service', account: 'service', instance: 'one' });
    await connected();
    broker.log().should.match(/as service-pub-one \(p5, c1/);
    broker.log().should.match(/as service-sub-one \(p5, c0/);
  });

  it('of an edge client is one, under its account', async () => {
    const config = { role: 'client', account: 'acme.press-1' };
    await load({ accounts: ACCOUNTS, accountIsClientId: true }, config, {
      user: 'acme.press-1',
      password: 'right',
    });
    await connected();
    should(node.publisher).equal(node.receiver);
    broker.log().should.match(/as acme\.press-1 \(p5, c0/);
  });

  it('takes the user as the account when none is given', async () => {
    await load({ accounts: ACCOUNTS }, { role: 'client' }, { user: 'acme.press-1', password: 'right' });
    await connected();
    node.account.should.equal('acme.press-1');
  });

  it('takes a password from the environment', async () => {
    process.env.EGIZ_TEST_PASSWORD = 'right';
    await load(
      { accounts: ACCOUNTS },
      { role: 'client' },
      {
        user: 'acme.press-1',
        password: '${EGIZ_TEST_PASSWORD}',
      },
    );
    await connected();
  });

  it("uses Node-RED's own TLS configuration, TLS 1.3 and nothing older", async () => {
    await load({ tls: true }, { url: 'TLS', tls: 'tls', role: 'client', account: 'a' });
    await connected();
  });

  it('says once why it is refused, and never the password', async () => {
    await load(
      { accounts: ACCOUNTS },
      { role: 'client' },
      { user: 'acme.press-1', password: 'wrong-secret' },
    );
    await until('told', () => log.length > 0);
    log[0]?.should.match(/^warn: mqtt:\/\/127\.0\.0\.1:\d+: The broker refused the connection: /);
    log.join().should.not.containEql('wrong-secret');
  });

  for (const [what, config, told] of [
    ['an account', { role: 'client' }, /has no account/],
    ['an address', { role: 'client', account: 'a', url: 'broker' }, /not the address of an MQTT broker/],
    ['encryption beyond this machine', { account: 'a', url: 'mqtt://192.0.2.1' }, /without encryption/],
    ['its TLS configuration', { account: 'a', tls: 'gone' }, /TLS configuration .* cannot be used/],
  ] as const) {
    it(`says what is wrong without ${what}`, async () => {
      await load({}, config);
      await until('told', () => log.length > 0);
      log[0]?.should.match(told);
    });
  }

  it('closes in time although the broker does not answer', async () => {
    await load({}, { role: 'service', account: 'service' });
    await connected();
    broker.pause();
    const begun = Date.now();
    await helper.unload();
    (Date.now() - begun).should.be.below(5_000);
    broker.resume();
  });
});
