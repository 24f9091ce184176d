import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import type { ConnectionChange, StatusReport } from '../../lib/commands/messages';
import { parseClientMessage } from '../../lib/commands/parse-report';
import { EDGE_STEPS, type EdgeStep } from '../../lib/edge/steps';
import { connectMqtt } from '../../lib/mqtt/connection';
import type { MqttLink } from '../../lib/mqtt/link';
import { CLIENT_STATUS_FILTER } from '../../lib/topics/clients';
import { commandMessage, commandOf } from '../support/edge';
import { APPLIES, type EdgeChildOptions } from '../support/edge-child';
import { startMosquitto, type TestBroker, until } from '../support/mosquitto';

describe('an edge client that is killed', function () {
  this.timeout(30_000);
  let broker: TestBroker;
  let service: MqttLink;
  let directory: string;
  let child: ChildProcess | undefined;
  let reports: StatusReport[];
  let changes: ConnectionChange[];

  beforeEach(async () => {
    broker = await startMosquitto();
    directory = mkdtempSync(join(tmpdir(), 'egiz-edge-crash-'));
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
    child?.kill('SIGKILL');
    await service.close();
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function start(crash?: EdgeChildOptions['crash']): ChildProcess {
    const options: EdgeChildOptions = {
      url: broker.url,
      directory,
      ...(crash === undefined ? {} : { crash }),
    };
    child = spawn(process.execPath, [require.resolve('../support/edge-child'), JSON.stringify(options)], {
      stdio: 'inherit',
    });
    return child;
  }

  const exited = (process: ChildProcess) => new Promise((resolve) => process.once('exit', resolve));
  const applies = () =>
    existsSync(join(directory, APPLIES))
      ? readFileSync(join(directory, APPLIES), 'utf8').trim().split('\n')
      : [];
  const births = () => changes.filter(({ status }) => status === 'online').length;

  /** From this step on the configuration is in effect and saved: it must not be applied by a command again. */
  const saved = (step: EdgeStep, nth: number) =>
    ['applied:saved', 'report:acknowledged', 'report:settled'].includes(step) ||
    (step === 'report:sent' && nth === 2);

  const cases: [EdgeStep, number][] = EDGE_STEPS.flatMap((step): [EdgeStep, number][] =>
    step.startsWith('report:')
      ? [
          [step, 1],
          [step, 2],
        ]
      : [[step, 1]],
  );
  for (const [step, nth] of cases) {
    it(`at ${step}${nth > 1 ? ` of the second report` : ''}: nothing is lost, nothing is applied twice`, async () => {
      const first = start({ step, nth });
      await until('born', () => births() === 1);
      const command = commandOf(1, { speed: 1 });
      const dead = exited(first);
      await service.publish(commandMessage(command));
      await dead;
      const before = applies().length;
      start();
      await until('applied', () => reports.some(({ state }) => state === 'applied'), 10_000);
      await until('born again', () => births() === 2);
      const after = applies().slice(before);
      if (saved(step, nth)) after.should.eql(['resume 1']);
      else after.filter((line) => line === 'command 1').length.should.equal(1);
      reports.every(({ commandId }) => commandId === command.commandId).should.be.true();
      should(changes.at(-1)).match({ status: 'online' });
    });
  }

  it('while three revisions wait: only the newest is applied', async () => {
    const first = start();
    await until('born', () => births() === 1);
    const dead = exited(first);
    first.kill('SIGKILL');
    await dead;
    for (const revision of [1, 2, 3]) {
      const { noSubscribers } = await service.publish(
        commandMessage(commandOf(revision, { speed: revision })),
      );
      noSubscribers.should.be.false();
    }
    start();
    await until('applied', () => reports.some(({ state }) => state === 'applied'), 10_000);
    applies().should.eql(['command 3']);
    const ends = reports
      .filter(({ state }) => state !== 'received')
      .map((one) => `${one.revision} ${one.state}`);
    ends.should.eql(['1 superseded', '2 superseded', '3 applied']);
  });

  it('is told offline by its will', async () => {
    start();
    await until('born', () => births() === 1);
    child?.kill('SIGKILL');
    await until('offline', () => changes.at(-1)?.status === 'offline');
  });
});
