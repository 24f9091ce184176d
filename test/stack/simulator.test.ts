import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import type { ConnectionChange, StatusReport } from '../../lib/commands/messages';
import { parseClientMessage } from '../../lib/commands/parse-report';
import type { JsonObject } from '../../lib/json/json';
import { connectMqtt } from '../../lib/mqtt/connection';
import type { MqttLink } from '../../lib/mqtt/link';
import { CLIENT_STATUS_FILTER } from '../../lib/topics/clients';
import { commandMessage, commandOf } from '../support/edge';
import { startMosquitto, type TestBroker, until } from '../support/mosquitto';

const PASSWORD = 'a-long-random-password';
const LAMPS = { lamps: { running: { colour: 'green', mode: 'steady' } } };

describe('the simulator', function () {
  this.timeout(30_000);
  let broker: TestBroker;
  let service: MqttLink;
  let directory: string;
  let child: ChildProcess;
  let output: string;
  const reports: StatusReport[] = [];
  const changes: ConnectionChange[] = [];
  const telemetry: JsonObject[] = [];

  beforeEach(async () => {
    const names = ['acme.press-1', 'acme.tower-1', 'acme.robot-1'];
    const accounts = Object.fromEntries([...names, 'service'].map((name) => [name, PASSWORD]));
    broker = await startMosquitto({ accounts, tls: true, accountIsClientId: true });
    directory = mkdtempSync(join(tmpdir(), 'egiz-simulator-'));
    for (const list of [reports, changes, telemetry]) list.length = 0;
    service = connectMqtt({
      url: broker.url,
      clientId: 'service',
      credentials: { username: 'service', password: PASSWORD },
    });
    await service.subscribe(CLIENT_STATUS_FILTER, ({ payload }) => {
      const message = parseClientMessage(payload);
      if (message.type === 'ClientStatusReported') reports.push(message);
      else changes.push(message);
    });
    await service.subscribe('tenants/+/clients/+/telemetry/#', ({ payload }) => {
      telemetry.push(JSON.parse(payload.toString()) as JsonObject);
    });
    start();
    await until('all online', () => online() === 3, 10_000);
  });

  afterEach(async () => {
    child.kill('SIGKILL');
    await service.close();
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function start(): void {
    const passwordFile = join(directory, 'password');
    writeFileSync(passwordFile, `${PASSWORD}\n`);
    const login = { url: broker.tlsUrl, caFile: broker.pki.caFile, passwordFile };
    const client = (clientId: string, type: string) => ({
      tenantId: 'acme',
      clientId,
      type,
      username: `acme.${clientId}`,
      ...login,
    });
    const clients = [
      client('press-1', 'opc-core-client'),
      client('tower-1', 'signal-tower'),
      client('robot-1', 'robot'),
    ];
    const file = join(directory, 'simulated.json');
    const stateDirectory = join(directory, 'state');
    writeFileSync(file, JSON.stringify({ stateDirectory, seed: 1, clients, boards: [] }));
    output = '';
    child = fork(require.resolve('../../cli/simulator'), [file], { silent: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
  }

  const online = () => changes.filter(({ status }) => status === 'online').length;
  const exit = () => new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const toTower = (revision: number, settings: JsonObject) =>
    commandMessage(commandOf(revision, settings, { clientId: 'tower-1', schema: 'signal-tower/1' }));

  it('plays clients of several types in one process, over TLS 1.3 with their own accounts', async () => {
    const press = { connections: { p: { groups: { g: { tags: { a: 's=A', b: 's=Missing' } } } } } };
    const endpoint = { endpoint: 'opc.tcp://press:4840' };
    Object.assign(press.connections.p, endpoint);
    await service.publish(
      commandMessage(commandOf(1, press, { clientId: 'press-1', schema: 'opc-core-client/1' })),
    );
    await service.publish(toTower(1, LAMPS));
    await service.publish(
      commandMessage(commandOf(1, { any: 1 }, { clientId: 'robot-1', schema: 'robot/1' })),
    );
    const ends = () => reports.filter(({ state }) => state !== 'received');
    await until('three ends', () => ends().length === 3);
    const codes = Object.fromEntries(ends().map(({ clientId, code }) => [clientId, code]));
    codes.should.eql({ 'press-1': 'APPLIED_WITH_ERRORS', 'tower-1': 'APPLIED', 'robot-1': 'APPLIED' });
    const types = () => new Set(telemetry.map(({ type }) => type));
    await until('all seen', () => types().size === 3);
    await until('told', () => /acme\.press-1 revision 1 applied APPLIED_WITH_ERRORS/.test(output));
  });

  it('resumes after it was killed, and shows the same lamps again', async () => {
    await service.publish(toTower(1, LAMPS));
    await until('applied', () => reports.some(({ state }) => state === 'applied'));
    const dead = exit();
    child.kill('SIGKILL');
    await dead;
    telemetry.length = 0;
    start();
    await until('shown', () => telemetry.some(({ type }) => type === 'SignalTowerState'), 10_000);
    await until('online again', () => online() === 6, 10_000);
    should(changes.findLast(({ clientId }) => clientId === 'tower-1')).match({
      status: 'online',
      revision: 1,
    });
  });

  it('ends in order when the process that started it is gone, and its clients say offline', async () => {
    const gone = exit();
    child.disconnect();
    should(await gone).equal(0);
    await until('offline', () => changes.filter(({ status }) => status === 'offline').length === 3);
  });
});
