import should from 'should';
import { buildVirtualBoard, virtualBoardPaths } from '../../cli/stack/virtual-board';
import type { ReportedState } from '../../lib/commands/messages';
import { sensorsProfile } from '../../lib/profiles/sensors';
import { compileBuiltIn } from '../../lib/schemas/built-in';
import { BoardLoop } from '../support/board-loop';
import { until } from '../support/mosquitto';

describe('the configuration of boards over a real broker (SPEC 1, SPEC 4)', function () {
  this.timeout(60_000);
  let loop: BoardLoop;
  before(async function () {
    this.timeout(300_000);
    await buildVirtualBoard(virtualBoardPaths(), () => undefined);
  });
  beforeEach(async () => {
    loop = await BoardLoop.start();
    for (const id of ['board-elec', 'board-therm'] as const) loop.startBoard(id);
    await loop.clientIs('board-elec', { presence: 'online' });
    await loop.clientIs('board-therm', { presence: 'online' });
  });
  afterEach(() => loop.close());

  const answersTo = ({ commandId }: { readonly commandId: string }) =>
    loop.answers
      .map(({ command }) => command as { id: string; state: ReportedState; code: string })
      .filter(({ id }) => id === commandId);

  it('a configuration is applied by the board it names and by no other of the equipment', async () => {
    const command = await loop.push('board-elec', { telemetry_interval_s: 7 });
    await loop.commandIs(command, { state: 'applied', code: 'APPLIED' });
    const client = await loop.client('board-elec');
    should(client).have.properties({ reportedRevision: 1, reportedHash: client.desiredHash });
    should(await loop.client('board-therm')).have.properties({ reportedRevision: 0, reportedHash: null });
    const second = await loop.push('board-therm', { filter_window: 5 });
    await loop.commandIs(second, { state: 'applied' });
    should(await loop.client('board-elec')).have.property('reportedRevision', 1);
  });

  it('a refused configuration tells what is wrong and where, and the board keeps the last good one', async () => {
    await loop.commandIs(await loop.push('board-elec', { telemetry_interval_s: 7 }), { state: 'applied' });
    const bad = await loop.push('board-elec', { telemetry_interval_s: 61, filter_window: 0 });
    const command = await loop.commandIs(bad, { state: 'rejected', code: 'INVALID' });
    should(command.errors.map(({ pointer, rule }) => [pointer, rule])).eql([
      ['/telemetry_interval_s', 'maximum'],
      ['/filter_window', 'minimum'],
    ]);
    const client = await loop.client('board-elec');
    should(client).have.property('reportedRevision', 1);
    should(client.reportedHash).not.equal(client.desiredHash);
    const alerts = await loop.service.store.transaction((tx) => tx.alerts('acme', { limit: 5 }));
    should(alerts.map(({ code }) => code)).eql(['COMMAND_REJECTED']);
  });

  it('every answer fits the schema of statuses', async () => {
    await loop.commandIs(await loop.push('board-elec', { nonsense: true }), { state: 'rejected' });
    const schemas = compileBuiltIn();
    should(loop.answers.flatMap((answer) => schemas.check('status', answer))).be.empty();
    should(loop.answers.length).be.aboveOrEqual(1);
  });

  it('a configuration that comes after a newer one is superseded on the board', async () => {
    const older = await loop.push('board-elec', { telemetry_interval_s: 7 });
    await loop.commandIs(older, { state: 'applied' });
    const newer = await loop.push('board-elec', { telemetry_interval_s: 8 });
    await loop.commandIs(newer, { state: 'applied' });
    const client = await loop.client('board-elec');
    const revision = await loop.service.store.transaction((tx) => tx.revision(client, 1));
    if (revision === undefined) throw new Error('no revision 1');
    const stray = { ...older, commandId: loop.service.newCommandId() };
    await loop.links.publisher.publish(sensorsProfile().commandMessage(client, stray, revision, Date.now()));
    await until('the answer', () => answersTo(stray).length > 0);
    should(answersTo(stray)).match([{ state: 'superseded', code: 'STALE_REVISION' }]);
    should(await loop.client('board-elec')).have.property('reportedRevision', 2);
  });

  it('a command that is delivered twice is answered twice and applied once', async () => {
    const command = await loop.push('board-elec', { telemetry_interval_s: 7 });
    await loop.commandIs(command, { state: 'applied' });
    const client = await loop.client('board-elec');
    const revision = await loop.service.store.transaction((tx) => tx.revision(client, 1));
    if (revision === undefined) throw new Error('no revision 1');
    await loop.links.publisher.publish(
      sensorsProfile().commandMessage(client, command, revision, Date.now()),
    );
    await until('the second answer', () => answersTo(command).length === 2);
    should(answersTo(command).map(({ code }) => code)).eql(['APPLIED', 'APPLIED']);
    should(await loop.command(command)).have.property('state', 'applied');
  });

  it('a board without power gets what it missed when it is back', async () => {
    await loop.cutPower('board-elec');
    await loop.clientIs('board-elec', { presence: 'offline' });
    const command = await loop.push('board-elec', { telemetry_interval_s: 9 });
    await loop.commandIs(command, { state: 'published', applyDeadline: null });
    loop.startBoard('board-elec');
    await loop.commandIs(command, { state: 'applied' });
    should(await loop.client('board-elec')).have.properties({ presence: 'online', bootId: '2' });
  });

  it('a board that was replaced gets its configuration at its birth', async () => {
    await loop.commandIs(await loop.push('board-elec', { telemetry_interval_s: 7 }), { state: 'applied' });
    await loop.cutPower('board-elec');
    await loop.clientIs('board-elec', { presence: 'offline' });
    loop.forgetFlash('board-elec');
    loop.startBoard('board-elec');
    await until('two commands', () => loop.answers.length === 2, 20_000);
    const client = await loop.clientIs('board-elec', { desiredState: 'applied', reportedRevision: 1 });
    should(client.reportedHash).equal(client.desiredHash);
    const commands = await loop.service.store.transaction((tx) => tx.commands(client, { limit: 5 }));
    should(commands.map(({ origin }) => origin)).eql(['reconcile', 'request']);
  });

  it('a board is configured after the broker was killed', async () => {
    await loop.broker.kill();
    const command = await loop.push('board-elec', { telemetry_interval_s: 11 });
    await loop.broker.start();
    await loop.commandIs(command, { state: 'applied' });
    await loop.clientIs('board-elec', { presence: 'online', reportedRevision: 1 });
  });
});
