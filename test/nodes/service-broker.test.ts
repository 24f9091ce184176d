import helper from 'node-red-node-test-helper';
import should from 'should';
import { connectBroker } from '../../lib/mqtt/broker-links';
import type { IncomingMessage, MqttLink } from '../../lib/mqtt/link';

import brokerNode = require('../../nodes/egiz-broker/egiz-broker');

import { startMosquitto, type TestBroker } from '../support/mosquitto';
import { nodeOf } from './flow';
import { type BrokerPart, eventually, pushRequest, ServiceFlow, settings } from './service-flow';

// Node-RED's own MQTT nodes have no types.
const coreMqtt = require('@node-red/nodes/core/network/10-mqtt.js') as typeof brokerNode;

type Message = Record<string, unknown>;

const COMMANDS = 'tenants/acme/clients/press-1/commands/config';
const STATUS = 'tenants/acme/clients/press-1/status';

/** The node on a real broker, with the account of a service. */
function realBroker(url: string): BrokerPart {
  const broker = { url, tls: '', role: 'service', account: 'svc', instance: 'one', configVersion: 1 };
  const limits = { sessionExpirySeconds: 3_600, keepalive: 30, maxInFlight: 100 };
  const { port } = new URL(url);
  const core = { broker: '127.0.0.1', port, protocolVersion: '5', clientid: 'core', keepalive: '30' };
  return {
    modules: [brokerNode, coreMqtt],
    entries: [
      { id: 'broker-1', type: 'egiz-broker', ...broker, ...limits },
      { id: 'core-1', type: 'mqtt-broker', ...core, cleansession: true, autoConnect: true },
    ],
    credentials: {
      'broker-1': { user: 'svc', password: 'secret' },
      'core-1': { user: 'svc', password: 'secret' },
    },
  };
}

describe('the service nodes on a real broker', () => {
  let broker: TestBroker;
  let flow: ServiceFlow;
  let client: MqttLink;
  const commands: IncomingMessage[] = [];

  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(done);
  });
  beforeEach(async () => {
    commands.length = 0;
    broker = await startMosquitto({ accounts: { svc: 'secret', 'acme.press-1': 'secret' } });
    flow = new ServiceFlow(realBroker(broker.url));
    client = connectBroker({
      url: broker.url,
      role: 'client',
      account: 'acme.press-1',
      credentials: { username: 'acme.press-1', password: 'secret' },
      sessionExpirySeconds: 600,
    }).publisher;
    await client.subscribe(COMMANDS, (message) => void commands.push(message));
  });
  afterEach(async () => {
    await client.close();
    await flow.end();
    await broker.close();
  });

  const load = async (publish: Message = { delivery: 'broker', broker: 'broker-1' }) => {
    await flow.load([
      flow.node('correlate', 'egiz-status-correlate', 3, { broker: 'broker-1' }),
      flow.node('publish', 'egiz-config-publish', 3, { rateLimit: 0, ...publish }),
    ]);
    const open = await flow.ready();
    await eventually('listening', () => flow.statuses('correlate').at(-1) === 'status.listening', 10_000);
    return open;
  };
  const push = async (version: string, seconds: number) => {
    const answer = await flow.ask(
      'publish',
      pushRequest('press-1', { version, settings: settings(seconds) }),
    );
    should(answer).match({ statusCode: 202 });
    return answer.payload as { commandId: string; revision: number };
  };
  let seq = 0;
  const report = (commandId: string, state: string, more: Message = {}) => {
    seq += 1;
    const status = {
      type: 'ClientStatusReported',
      ...{ tenantId: 'acme', clientId: 'press-1', revision: 1, version: '1.0.0', commandId, state },
      ...{ code: state.toUpperCase(), message: state, errors: [], reportedHash: null },
      ...{ at: new Date().toISOString(), bootId: 'boot-1', seq },
      ...more,
    };
    return client.publish({ topic: STATUS, payload: JSON.stringify(status), qos: 1 });
  };
  const states = () => flow.at('correlate.1').map(({ payload }) => (payload as Message).state);

  it('carry a configuration to the client and its status back', async () => {
    await load();
    const { commandId } = await push('1.0.0', 5);
    await eventually('the command', () => commands.length === 1);
    should(commands[0]).match({
      qos: 1,
      retain: false,
      properties: {
        responseTopic: STATUS,
        contentType: 'application/json',
        userProperties: { revision: '1' },
      },
    });
    await report(commandId, 'received');
    await report(commandId, 'applied');
    await eventually('applied', () => states().includes('applied'));
    should(states()).eql(['accepted', 'published', 'received', 'applied']);
  });

  it('keep a configuration while the broker is down, and publish it on its return', async () => {
    await load();
    await broker.stop();
    await eventually('no broker', () => flow.statuses('publish').at(-1) === 'status.noBroker');
    await push('1.0.0', 5);
    await broker.start();
    await eventually('the command', () => commands.length === 1, 15_000);
  });

  it('receive what clients have reported while Node-RED was down', async () => {
    await load();
    const { commandId } = await push('1.0.0', 5);
    await eventually('published', () => states().includes('published'));
    await helper.unload();
    await report(commandId, 'received');
    await report(commandId, 'applied');
    await load();
    await eventually('applied', () => states().includes('applied'));
  });

  it('lose no report while the node that receives them is redeployed', async () => {
    const { service } = await load();
    const { commandId } = await push('1.0.0', 5);
    let sent = 0;
    let deploying = true;
    const reports = (async () => {
      while (deploying) {
        // Nobody has these commands: each report that arrives comes out of output 3.
        const unknown = `01900000-0000-7000-8000-${String(sent).padStart(12, '0')}`;
        await report(unknown, 'received', { revision: 99 });
        sent += 1;
      }
    })();
    // A busy machine sends less between two deploys.
    for (let round = 0; round < 4 || sent <= 20; round += 1)
      await flow.deploy((entry) => (entry.id === 'correlate' ? { ...entry, name: `n${round}` } : entry));
    deploying = false;
    await reports;
    await eventually('every report', () => flow.at('correlate.3').length >= sent);
    should(flow.at('correlate.3')).have.length(sent);
    await report(commandId, 'applied');
    const state = () => service.store.transaction(async (tx) => (await tx.command(commandId))?.state);
    await eventually('applied', async () => (await state()) === 'applied');
  });

  it('lose no configuration while the node that publishes them is redeployed', async () => {
    const { service } = await load();
    let revision = 0;
    for (const name of ['a', 'b', 'c']) {
      for (let index = 0; index < 5; index += 1) {
        revision += 1;
        flow.send(
          'publish',
          pushRequest('press-1', { version: `1.0.${revision}`, settings: settings(revision) }),
        );
      }
      await flow.deploy((entry) => (entry.id === 'publish' ? { ...entry, name } : entry));
    }
    const last = () => commands.at(-1)?.properties.userProperties?.revision;
    await eventually('the last revision', () => last() === String(revision));
    const counts = await service.store.transaction((tx) => tx.countByState({}));
    should(counts.published + counts.superseded).equal(revision);
    const revisions = commands.map(({ properties }) => Number(properties.userProperties?.revision));
    should(revisions).eql([...new Set(revisions)].sort((one, other) => one - other));
  });

  it('send through the core mqtt out node with the same properties', async () => {
    await flow.load([
      flow.node('publish', 'egiz-config-publish', 2, {
        ...{ delivery: 'message', rateLimit: 0 },
        wires: [['publish.1'], ['publish.2'], ['out']],
      }),
      { id: 'out', type: 'mqtt out', z: 'flow', x: 1, y: 1, broker: 'core-1', topic: '', qos: '', wires: [] },
    ]);
    await flow.ready();
    const core = nodeOf('core-1') as unknown as { connected: boolean };
    await eventually('connected', () => core.connected);
    const { commandId } = await push('1.0.0', 5);
    await eventually('the command', () => commands.length === 1);
    const [{ qos, properties } = { qos: 0, properties: {} }] = commands;
    should(qos).equal(1);
    should(properties).match({
      responseTopic: STATUS,
      contentType: 'application/json',
      payloadFormatIndicator: true,
      userProperties: { revision: '1', schema: 'signal-tower/1' },
    });
    should(properties.correlationData?.toString('hex')).equal(commandId.replaceAll('-', ''));
  });
});
