import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { hashSettings } from '../../lib/json/canonical';
import type { JsonObject } from '../../lib/json/json';
import { connectMqtt } from '../../lib/mqtt/connection';
import type { IncomingMessage, MqttLink } from '../../lib/mqtt/link';
import { PayloadValidator } from '../../lib/schemas/payload-validator';
import { SchemaRegistry } from '../../lib/schemas/registry';
import { SHIPPED_CLIENT_SCHEMAS } from '../../lib/schemas/shipped';
import type { BoardAccount } from '../../lib/simulator/account';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../lib/simulator/simulator';
import { delay, startMosquitto, type TestBroker, until } from '../support/mosquitto';

const PASSWORD = 'a-long-random-password';
const TYPES = ['electrical', 'thermal', 'environmental'];
const COMMANDS = 'openegiz/factory-a/oven/oven-1/command';

interface BoardMessage extends JsonObject {
  readonly device_id: string;
  readonly timestamp: string;
  readonly metadata: { readonly boot_id: number; readonly seq: number };
}

/** Boards, three of one oven each, and somebody who listens to all of them. */
class Factory {
  readonly telemetry: BoardMessage[] = [];
  readonly statuses: {
    readonly topic: string;
    readonly body: BoardMessage;
    readonly message: IncomingMessage;
  }[] = [];
  readonly faults: unknown[] = [];
  readonly directory = mkdtempSync(join(tmpdir(), 'egiz-sensors-'));
  private constructor(
    readonly broker: TestBroker,
    readonly service: MqttLink,
    readonly boards: readonly BoardAccount[],
  ) {}

  static async open(count: number): Promise<Factory> {
    const names = Array.from({ length: count }, (_, index) => `board-${index}`);
    const accounts = Object.fromEntries([...names, 'service'].map((name) => [name, PASSWORD]));
    const broker = await startMosquitto({ accounts, tls: true, accountIsClientId: true });
    const credentials = { username: 'service', password: PASSWORD };
    const session = { cleanStart: false, sessionExpirySeconds: 60 };
    const service = connectMqtt({ url: broker.url, clientId: 'service', credentials, ...session });
    const boards = names.map((name, index) => ({
      deviceId: name,
      factoryId: 'factory-a',
      equipmentType: 'oven',
      equipmentId: `oven-${Math.floor(index / TYPES.length) + 1}`,
      sensorType: TYPES[index % TYPES.length] ?? '',
      url: broker.tlsUrl,
      username: name,
      passwordFile: join(broker.directory, 'password'),
      caFile: broker.pki.caFile,
    }));
    writeFileSync(join(broker.directory, 'password'), `${PASSWORD}\n`);
    const factory = new Factory(broker, service, boards);
    await factory.listen();
    return factory;
  }

  private async listen(): Promise<void> {
    const choice = { kind: 'automatic' } as const;
    const validator = new PayloadValidator({ choice, schemas: [], unmatched: 'invalid' }, Date.now);
    await this.service.subscribe('openegiz/#', (message) => {
      const { topic, payload } = message;
      const { errors } = validator.validate(topic, payload);
      if (errors.length > 0) this.faults.push({ topic, errors });
      const body = JSON.parse(payload.toString()) as BoardMessage;
      if (topic.endsWith('/telemetry')) this.telemetry.push(body);
      if (topic.endsWith('/status')) this.statuses.push({ topic, body, message });
    });
  }

  simulate(more: Partial<SimulatorOptions> = {}): Simulator {
    const schemas = SchemaRegistry.load([SHIPPED_CLIENT_SCHEMAS]);
    return startSimulator({ clients: [], boards: this.boards, seed: 1, schemas, spreadMs: 0, ...more });
  }

  of(deviceId: string): BoardMessage[] {
    return this.telemetry.filter((message) => message.device_id === deviceId);
  }

  saying(status: string): string[] {
    return this.statuses.filter(({ body }) => body.status === status).map(({ body }) => body.device_id);
  }

  command(payload: object, more: Partial<IncomingMessage> = {}) {
    const request = { topic: COMMANDS, payload: JSON.stringify(payload), qos: 1 } as const;
    return this.service.publish({ ...request, ...more, payload: request.payload, qos: 1 });
  }

  async close(): Promise<void> {
    await this.service.close();
    await this.broker.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

describe('simulated boards', function () {
  this.timeout(30_000);
  let factory: Factory;
  let simulator: Simulator;
  beforeEach(async () => {
    factory = await Factory.open(3);
  });
  afterEach(async () => {
    await simulator.close();
    await factory.close();
    should(factory.faults).eql([]);
  });

  it('say that they are there, measure at the rate of their kind, and say when they go', async () => {
    simulator = factory.simulate();
    await until('two seconds measured', () => factory.of('board-0').length >= 3, 10_000);
    should(factory.saying('online').sort()).eql(['board-0', 'board-1', 'board-2']);
    should(factory.statuses.every(({ message }) => message.qos === 1)).be.true();
    should(factory.telemetry.map(({ sensor_type }) => sensor_type)).containDeep(TYPES);
    should(
      factory
        .of('board-0')
        .map(({ metadata }) => metadata.seq)
        .slice(0, 3),
    ).eql([1, 2, 3]);
    should(factory.of('board-2').length).equal(1, 'each ten seconds');
    await simulator.close();
    await until('all have gone', () => factory.saying('offline').length === 3);
  });

  it('lose nothing while the broker is away, and send what they measured then as it was', async () => {
    simulator = factory.simulate({ telemetryMs: 50 });
    await until('all measure', () => factory.telemetry.length > 60, 10_000);
    await factory.broker.stop();
    await delay(1_000);
    const back = new Date().toISOString();
    await factory.broker.start();
    for (const id of ['board-0', 'board-1', 'board-2']) {
      await until(
        `${id} has caught up`,
        () => factory.of(id).some(({ timestamp }) => timestamp > back),
        15_000,
      );
      const byNumber = new Map(factory.of(id).map((message) => [message.metadata.seq, message]));
      for (const message of factory.of(id)) should(byNumber.get(message.metadata.seq)).eql(message);
      should([...byNumber.keys()].sort((one, other) => one - other)).eql(
        Array.from({ length: byNumber.size }, (_, index) => index + 1),
      );
      const times = [...byNumber]
        .sort(([one], [other]) => one - other)
        .map(([, { timestamp }]) => Date.parse(timestamp));
      const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      should(Math.max(...pauses)).be.below(1_000, 'measured all the while');
    }
  });

  it('take a configuration, answer once for each id, and remember it when they start again', async () => {
    const stateDirectory = join(factory.directory, 'state');
    simulator = factory.simulate({ stateDirectory });
    await until('online', () => factory.saying('online').length === 3);
    const settings = { telemetry_interval_s: 60 };
    const hash = hashSettings(settings);
    const id = '01890000-0000-7000-8000-000000000001';
    const times = { issued_at: '2026-01-01T00:00:00Z', expires_at: '2099-01-01T00:00:00Z' };
    const addressed = { command: 'config', id, device_id: 'board-0', revision: 3, version: '1.0.0' };
    const command = { ...addressed, schema: 'esp32-sensor/1', settings, hash, ...times };
    const correlationData = Buffer.from('0123456789abcdef');
    const answers = () => factory.statuses.filter(({ body }) => body.command !== undefined);
    await factory.command(command, { retain: true });
    await factory.command(command, { properties: { correlationData } });
    await until('answered', () => answers().length === 1);
    await factory.command(command);
    await until('answered again', () => answers().length === 2);
    for (const { body } of answers()) {
      should(body).match({ device_id: 'board-0', command: { id, state: 'applied', code: 'APPLIED' } });
      should(body).match({ configuration: { revision: 3, reported_hash: hash } });
    }
    should(answers()[0]?.message.properties.correlationData).eql(correlationData);
    await simulator.close();
    factory.statuses.length = 0;
    simulator = factory.simulate({ stateDirectory });
    await until('online again', () => factory.saying('online').includes('board-0'));
    should(
      factory.statuses.find(({ body }) => body.device_id === 'board-0' && body.status === 'online')?.body,
    ).match({
      configuration: { revision: 3, reported_hash: hash },
    });
  });
});

describe('a thousand simulated boards', function () {
  this.timeout(60_000);

  it('run in one process', async () => {
    const factory = await Factory.open(1_000);
    const file = join(factory.directory, 'simulated.json');
    writeFileSync(file, JSON.stringify({ seed: 1, clients: [], boards: factory.boards }));
    const child = fork(require.resolve('../../cli/simulator'), [file], { silent: true });
    try {
      await until('all are there', () => new Set(factory.saying('online')).size === 1_000, 40_000);
      factory.telemetry.length = 0;
      await delay(3_000);
      const seen = new Set(factory.telemetry.map(({ device_id }) => device_id));
      should(seen.size).be.above(660, 'all of the two kinds that measure each second');
      should(factory.faults).eql([]);
    } finally {
      child.kill('SIGKILL');
      await factory.close();
    }
  });
});
