import should from 'should';
import { parseClientMessage } from '../../../lib/commands/parse-report';
import { type Engine, PRESS, push, Reporter, startEngine, stored } from '../../support/engine';

describe('correlating reports (SEQ steps 8 and 9)', () => {
  let engine: Engine;
  let press: Reporter;
  beforeEach(async () => {
    engine = await startEngine();
    press = new Reporter(engine);
  });
  afterEach(() => engine.close());

  const states = async (commandId: string) =>
    (await engine.service.store.transaction((tx) => tx.transitions(commandId))).map((one) => one.state);
  const client = () => engine.service.store.transaction((tx) => tx.client(PRESS));

  it('moves received, then applied, and stores each transition with its reason', async () => {
    const command = await push(engine, { a: 1 });
    await press.report(command, 'received');
    await press.report(command, 'applied', { code: 'APPLIED', message: 'done' });
    should(await states(command.commandId)).eql(['accepted', 'received', 'applied']);
    should(await client()).have.properties({ reportedRevision: 1, desiredState: 'applied' });
  });

  it('takes a status that comes before the PUBACK', async () => {
    const command = await push(engine, { a: 1 });
    await press.report(command, 'applied');
    should(await stored(engine, command)).have.property('state', 'applied');
    should(await engine.service.store.transaction((tx) => tx.outboxDepth())).have.property('rows', 0);
  });

  it('ignores a doubled status', async () => {
    const command = await push(engine, { a: 1 });
    const status = press.status(command, 'applied');
    await press.send(status);
    should(await press.send(status)).have.property('kind', 'repeated');
    should(await states(command.commandId)).eql(['accepted', 'applied']);
  });

  it('never moves backwards when statuses come reordered', async () => {
    const command = await push(engine, { a: 1 });
    const received = press.status(command, 'received');
    await press.report(command, 'applied');
    await press.send(received);
    should(await stored(engine, command)).have.property('state', 'applied');
    should(await client()).have.property('seq', 2);
  });

  it('correlates by Correlation Data first, then by command id, then by revision', async () => {
    const first = await push(engine, { a: 1 });
    await press.report(first, 'received');
    const second = await push(engine, { a: 2 });
    await press.send(press.status(first, 'received'), second.commandId);
    should(await stored(engine, second)).have.property('state', 'received');
    const unknownId = '01890000-0000-7000-8000-000000000000';
    await press.send(press.status(second, 'applied', { commandId: unknownId }));
    should(await stored(engine, second)).have.property('state', 'applied');
  });

  it('says why a report fits nothing', async () => {
    const command = await push(engine, { a: 1 });
    const unknownId = '01890000-0000-7000-8000-000000000000';
    should(
      await press.send(press.status(command, 'applied', { commandId: unknownId, revision: 9 })),
    ).have.properties({
      kind: 'unmatched',
      code: 'COMMAND_UNKNOWN',
    });
  });

  it("does not let a client speak of another tenant's command", async () => {
    const command = await push(engine, { a: 1 });
    const message = { ...press.status(command, 'applied'), tenantId: 'globex', revision: 9 };
    const from = { tenantId: 'globex', clientId: 'press-1' };
    should(await engine.service.record({ from, message, correlationId: command.commandId })).have.property(
      'kind',
      'unmatched',
    );
    should(await stored(engine, command)).have.property('state', 'accepted');
  });

  it('raises an alert for a rejected and for a failed command (SEQ step 9)', async () => {
    await press.report(await push(engine, { a: 1 }), 'rejected');
    await press.report(await push(engine, { a: 2 }), 'failed');
    engine.alerts.map((alert) => alert.code).should.eql(['COMMAND_REJECTED', 'COMMAND_FAILED']);
  });

  it('supersedes what the client has moved past', async () => {
    const first = await push(engine, { a: 1 });
    await press.report(first, 'received');
    const second = await push(engine, { a: 2 });
    await press.report(second, 'applied');
    should(await stored(engine, first)).have.properties({ state: 'superseded', code: 'NEWER_APPLIED' });
  });

  it('moves timed_out to its true end when the status comes late', async () => {
    const command = await push(engine, { a: 1 });
    await press.report(command, 'received');
    engine.clock.advance(121_000);
    await engine.service.tick();
    should(await stored(engine, command)).have.property('state', 'timed_out');
    await press.report(command, 'applied');
    should(await stored(engine, command)).have.property('state', 'applied');
  });

  it('understands a client that tells only the least', async () => {
    const command = await push(engine, { a: 1 });
    const least = { type: 'ClientStatusReported', ...PRESS, revision: 1, state: 'applied' };
    const message = parseClientMessage(Buffer.from(JSON.stringify(least)), engine.clock.now);
    await press.send(message, command.commandId);
    should(await stored(engine, command)).have.properties({ state: 'applied', code: 'APPLIED' });
    const { reportedHash, desiredHash } = (await client()) ?? {};
    should(reportedHash).equal(desiredHash);
  });

  it('replaces the errors of an applied command when the set of refused tags changes', async () => {
    const command = await push(engine, { a: 1 });
    const error = { pointer: '/a', rule: 'BadNodeIdUnknown', message: 'unknown' };
    await press.report(command, 'applied', { code: 'APPLIED_WITH_ERRORS', errors: [error] });
    await press.report(command, 'applied', { code: 'APPLIED', errors: [] });
    should(await stored(engine, command)).have.properties({ state: 'applied', code: 'APPLIED', errors: [] });
  });
});

describe('births, wills and reconciling (SPEC 3)', () => {
  let engine: Engine;
  let press: Reporter;
  beforeEach(async () => {
    engine = await startEngine();
    press = new Reporter(engine);
  });
  afterEach(() => engine.close());

  const client = () => engine.service.store.transaction((tx) => tx.client(PRESS));
  const queue = () => engine.service.store.transaction((tx) => tx.outboxDepth());
  const newest = () => engine.service.store.transaction((tx) => tx.commandForRevision(PRESS, 1));

  /** Revision 1 on the client, its outbox row gone. */
  const applied = async () => {
    const command = await push(engine, { a: 1 });
    await press.report(command, 'applied');
    return command;
  };

  it('shows online at birth and offline at the will of the same boot only', async () => {
    await press.birth();
    should(await client()).have.property('presence', 'online');
    press.bootId = 'boot-0';
    await press.will();
    should(await client()).have.property('presence', 'online');
    press.bootId = 'boot-1';
    await press.will();
    should(await client()).have.property('presence', 'offline');
  });

  it('sends nothing to a client that runs what it should', async () => {
    await applied();
    await press.birth();
    should(await queue()).have.property('rows', 0);
  });

  it('sends an unfinished command again under the same id', async () => {
    const command = await push(engine, { a: 1 });
    await press.report(command, 'received');
    await press.birth();
    const row = await engine.service.store.transaction((tx) => tx.outboxRow(command.commandId));
    should(row).not.be.undefined();
  });

  it('sends a lost configuration anew: the client came back without it', async () => {
    const before = await applied();
    Object.assign(press, { bootId: 'boot-2', revision: 0, reportedHash: null });
    await press.birth();
    const command = await newest();
    should(command).have.properties({ origin: 'reconcile', revision: 1, state: 'accepted' });
    should(command?.commandId).not.equal(before.commandId);
  });

  it('takes the birth for the applied status that was lost', async () => {
    const command = await push(engine, { a: 1 });
    await press.report(command, 'received');
    const revision = await engine.service.store.transaction((tx) => tx.revision(PRESS, 1));
    Object.assign(press, { revision: 1, reportedHash: revision?.hash ?? null });
    await press.birth();
    should(await stored(engine, command)).have.properties({ state: 'applied', code: 'REPORTED_AT_BIRTH' });
  });

  it('never sends a rejected configuration again, a failed one only after a restart', async () => {
    await press.birth();
    await press.report(await push(engine, { a: 1 }), 'failed');
    await press.birth();
    should(await queue()).have.property('rows', 0);
    press.bootId = 'boot-2';
    await press.birth();
    should(await queue()).have.property('rows', 1);
    await press.report((await newest()) as never, 'rejected');
    press.bootId = 'boot-3';
    await press.birth();
    should(await queue()).have.property('rows', 0);
  });

  it('sends an expired configuration anew when the client comes back', async () => {
    await push(engine, { a: 1 }, { expiresInSeconds: 60 });
    engine.clock.advance(61_000);
    await engine.service.tick();
    should(await newest()).have.property('state', 'expired');
    await press.birth();
    should(await newest()).have.properties({ state: 'accepted', origin: 'reconcile' });
  });

  it('counts on from a client that is ahead of a restored store, and says so', async () => {
    press.revision = 40;
    press.reportedHash = 'f'.repeat(64);
    await press.birth();
    engine.alerts.map((alert) => alert.code).should.eql(['REVISION_AHEAD']);
    should((await push(engine, { a: 1 })).revision).equal(41);
  });

  it('does not blame a client that is offline for its silence', async () => {
    await press.birth();
    await press.will();
    await push(engine, { a: 1 });
    engine.clock.advance(3_600_000);
    await engine.service.tick();
    should(await newest()).have.property('state', 'accepted');
  });

  it('keeps the invariant: accepted = the sum of all states', async () => {
    await applied();
    await push(engine, { a: 2 });
    await push(engine, { a: 3 });
    const [counts, accepted] = await engine.service.store.transaction(
      async (tx) => [await tx.countByState({}), await tx.countAccepted({})] as const,
    );
    Object.values(counts)
      .reduce((sum, count) => sum + count, 0)
      .should.equal(accepted);
    should(counts).containEql({ applied: 1, superseded: 1, accepted: 1 });
  });
});
