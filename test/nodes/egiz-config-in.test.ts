import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node } from 'node-red';
import helper from 'node-red-node-test-helper';
import should from 'should';
import type { ConfigurationCommand, ConnectionChange, StatusReport } from '../../lib/commands/messages';
import { parseClientMessage } from '../../lib/commands/parse-report';
import { connectMqtt } from '../../lib/mqtt/connection';
import type { MqttLink } from '../../lib/mqtt/link';
import { CLIENT_STATUS_FILTER } from '../../lib/topics/clients';
import { commandMessage, commandOf } from '../support/edge';
import { startMosquitto, type TestBroker, until } from '../support/mosquitto';
import { collect, countDones, type EventCounter, nodeOf, statusOf } from './flow';

import brokerNode = require('../../nodes/egiz-broker/egiz-broker');
import configInNode = require('../../nodes/egiz-config-in/egiz-config-in');
import configReportNode = require('../../nodes/egiz-config-report/egiz-config-report');

type Message = Record<string, unknown> & { payload: unknown; config: Record<string, unknown> };

const LAMPS = { lamps: { fault: { colour: 'red', mode: 'off' } } };
const tower = (revision: number, settings: ConfigurationCommand['settings'] = LAMPS) =>
  commandOf(revision, settings, { schema: 'signal-tower/1' });

let broker: TestBroker;
let service: MqttLink;
let directory: string;
let reports: StatusReport[];
let changes: ConnectionChange[];
let received: Message[];
let dones: unknown[];

function flow(config: Record<string, unknown> = {}, report: Record<string, unknown> = {}) {
  const place = { z: 'flow', x: 100, y: 100 };
  return [
    { id: 'flow', type: 'tab' },
    { id: 'mqtt', type: 'egiz-broker', url: broker.url, role: 'client', account: 'acme.press-line-1' },
    {
      ...{ id: 'in', type: 'egiz-config-in', broker: 'mqtt', dataDir: directory, confirmSeconds: 60 },
      ...place,
      ...config,
      wires: [['out']],
    },
    { id: 'report', type: 'egiz-config-report', ...place, ...report, wires: [] },
    { id: 'out', type: 'helper', ...place },
  ];
}

async function load(...configs: Parameters<typeof flow>): Promise<void> {
  await helper.load([brokerNode, configInNode, configReportNode], flow(...configs));
  watch();
}

function watch(): void {
  received = collect(nodeOf('out')) as Message[];
  dones = countDones(nodeOf('report') as Node & EventCounter);
}

const births = () => changes.filter(({ status }) => status === 'online').length;
const told = () => reports.map(({ revision, state, code }) => `${revision} ${state} ${code}`);

/** Answers the message that came last, or the one given. */
function answer(members: Record<string, unknown> = {}, msg = received.at(-1)): void {
  nodeOf('report').receive({ ...msg, ...members } as never);
}

async function push(command: ConfigurationCommand): Promise<void> {
  const before = received.length;
  (await service.publish(commandMessage(command))).noSubscribers.should.be.false();
  await until('handed to the flow', () => received.length > before);
}

describe('config in and config report', function () {
  this.timeout(20_000);

  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });

  after((done) => {
    helper.stopServer(done);
  });

  beforeEach(async () => {
    broker = await startMosquitto();
    directory = mkdtempSync(join(tmpdir(), 'egiz-config-in-'));
    reports = [];
    changes = [];
    service = connectMqtt({ url: broker.url, clientId: 'service' });
    await service.subscribe(CLIENT_STATUS_FILTER, ({ payload }) => {
      const message = parseClientMessage(payload);
      if (message.type === 'ClientStatusReported') reports.push(message);
      else changes.push(message);
    });
  });

  afterEach(async () => {
    await helper.unload();
    await service.close();
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('hand a configuration to the flow and report it applied when the flow says so', async () => {
    await load();
    await until('born', () => births() === 1);
    const command = tower(1);
    await push(command);
    should(received[0]).match({
      topic: 'tenants/acme/clients/press-line-1/commands/config',
      payload: LAMPS,
      config: {
        revision: 1,
        version: '1.0.1',
        schema: 'signal-tower/1',
        commandId: command.commandId,
        hash: command.hash,
        previous: null,
        resume: false,
      },
    });
    await until('received', () => told().includes('1 received RECEIVED'));
    answer();
    await until('applied', () => told().includes('1 applied APPLIED'));
    should(reports.at(-1)?.reportedHash).equal(command.hash);
    dones.should.eql([undefined]);
    await until('shown', () => statusOf(nodeOf('in')).at(-1)?.fill === 'green');
  });

  it('tell the flow what was running before', async () => {
    await load();
    await until('born', () => births() === 1);
    await push(tower(1));
    answer();
    await push(tower(2));
    should(received[1]?.config.previous).eql({ revision: 1, version: '1.0.1', settings: LAMPS });
  });

  it('never show the flow settings that do not fit the schema', async () => {
    await load();
    await until('born', () => births() === 1);
    await service.publish(commandMessage(tower(1, { lamps: {} })));
    await until('rejected', () => told().includes('1 rejected INVALID'));
    should(reports.at(-1)?.errors[0]?.pointer).equal('/lamps');
    received.should.eql([]);
    await until('shown', () => statusOf(nodeOf('in')).at(-1)?.fill === 'yellow');
  });

  it('report a failure and send the last good configuration again', async () => {
    await load();
    await until('born', () => births() === 1);
    await push(tower(1));
    answer();
    await push(tower(2));
    answer({ error: { message: 'lamp bus is down', code: 'BUS_DOWN' } });
    await until('failed', () => told().includes('2 failed BUS_DOWN'));
    await until('rolled back', () => received.length === 3);
    should(received[2]?.config).match({ revision: 1, resume: true, reason: 'rollback' });
  });

  it('report refused keys one by one, and anew when they change', async () => {
    await load();
    await until('born', () => births() === 1);
    await push(tower(1));
    const errors = [{ pointer: '/lamps/fault', rule: 'notWired', message: 'is not wired' }];
    answer({ errors });
    await until('applied', () => told().includes('1 applied APPLIED_WITH_ERRORS'));
    should(reports.at(-1)?.errors).eql(errors);
    answer({ errors: [] });
    await until('mended', () => told().includes('1 applied APPLIED'));
  });

  it('keep to the outcome the node is set to', async () => {
    await load({}, { outcome: 'failed' });
    await until('born', () => births() === 1);
    await push(tower(1));
    answer();
    await until('failed', () => told().includes('1 failed APPLY_FAILED'));
  });

  it('count silence as failed (CONFIRM_TIMEOUT), and refuse the answer that comes after', async () => {
    await load({ confirmSeconds: 1 });
    await until('born', () => births() === 1);
    await push(tower(1));
    await until('failed', () => told().includes('1 failed CONFIRM_TIMEOUT'));
    answer();
    await until('done', () => dones.length === 1);
    should(dones[0]).match({ code: 'CONFIG_ANSWER_LATE' });
  });

  for (const [what, members, code] of [
    ['a message that is not from config in', { _egizConfig: undefined }, 'CONFIG_HANDLE_MISSING'],
    ['an answer to a node that is gone', { _egizConfig: 'elsewhere/1' }, 'CONFIG_ANSWER_LATE'],
    ['an outcome that is none', { state: 'done' }, 'CONFIG_ANSWER_INVALID'],
  ] as const) {
    it(`end ${what} in an error for Catch nodes (${code})`, async () => {
      await load();
      await until('born', () => births() === 1);
      await push(tower(1));
      answer(members);
      await until('done', () => dones.length === 1);
      should(dones[0]).match({ code });
    });
  }

  it('resume the last good configuration after a restart, and report nothing new', async () => {
    await load();
    await until('born', () => births() === 1);
    await push(tower(1));
    answer();
    await until('applied', () => told().includes('1 applied APPLIED'));
    await helper.unload();
    await until('offline', () => changes.at(-1)?.status === 'offline');
    await load();
    await until('resumed', () => received.length === 1);
    should(received[0]).match({ payload: LAMPS, config: { revision: 1, resume: true, reason: 'resume' } });
    answer();
    await until('born again', () => births() === 2);
    should(changes.at(-1)).match({ status: 'online', revision: 1 });
    reports.filter(({ state }) => state === 'applied').length.should.equal(1);
  });

  it('lose nothing on a partial redeploy: what was being applied is sent to the new node', async () => {
    await load();
    await until('born', () => births() === 1);
    await push(tower(1));
    const old = received[0];
    await helper.setFlows(flow({ confirmSeconds: 30 }), 'nodes');
    watch();
    await until('sent again', () => received.length === 1);
    should(received[0]?.config).match({ revision: 1, resume: false, attempt: 1 });
    answer({}, old);
    await until('the old answer is late', () => dones.length === 1);
    should(dones[0]).match({ code: 'CONFIG_ANSWER_LATE' });
    answer();
    await until('applied', () => told().includes('1 applied APPLIED'));
    changes.filter(({ status }) => status === 'offline').length.should.equal(0);
  });

  it('take a command that comes while the node is replaced', async () => {
    await load();
    await until('born', () => births() === 1);
    const deployed = helper.setFlows(flow({ confirmSeconds: 30 }), 'nodes');
    const published = service.publish(commandMessage(tower(1)));
    await deployed;
    watch();
    (await published).noSubscribers.should.be.false();
    await until('received', () => told().includes('1 received RECEIVED'));
    await until('handed over', () => received.length === 1);
    answer();
    await until('applied', () => told().includes('1 applied APPLIED'));
  });

  it('say offline and give up the subscription when the node is taken out', async () => {
    await load();
    await until('born', () => births() === 1);
    const rest = flow().filter(({ id }) => id !== 'in' && id !== 'report');
    await helper.setFlows(rest, 'nodes');
    await until('offline', () => changes.at(-1)?.status === 'offline');
    await until('unsubscribed', () => /Received UNSUBSCRIBE from acme/.test(broker.log()));
  });

  it('do not work on a connection that is not one of an edge client', async () => {
    const nodes = flow().map((node) => (node.id === 'mqtt' ? { ...node, role: 'service' } : node));
    await helper.load([brokerNode, configInNode, configReportNode], nodes);
    statusOf(nodeOf('in')).at(-1)?.should.match({ fill: 'red', text: 'status.misconfigured' });
  });
});
