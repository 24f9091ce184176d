import should from 'should';
import type { CommandRecord } from '../../../lib/store/store';
import { type Engine, push, startEngine, stored } from '../../support/engine';

const ELECTRICAL = 'factory-a/oven/oven-001/electrical';
const REF = { tenantId: 'acme', clientId: 'press-1' };

/** The engine with a client that is known by an address and tells where it stands with every message. */
describe('a client with heartbeats and an address (SPEC 1: the same engine)', () => {
  let engine: Engine;
  let seq = 0;
  beforeEach(async () => {
    engine = await startEngine();
    seq = 0;
    await engine.service.store.transaction((tx) =>
      tx.registerClient({ ...REF, type: 'thing', profile: 'sensors', address: ELECTRICAL, labels: {} }),
    );
  });
  afterEach(() => engine.close());

  const from = (address = ELECTRICAL) => ({ profile: 'sensors', address, clientId: 'press-1' });
  const at = () => new Date(engine.clock.now).toISOString();
  interface Told {
    revision?: number;
    reportedHash?: string | null;
    connection?: number;
    seq?: number;
    bootId?: string;
  }
  const online = (told: Told = {}, address?: string) => {
    const { revision = 0, reportedHash = null, connection = 0, bootId = '1' } = told;
    seq = told.seq ?? seq + 1;
    return engine.service.record({
      from: from(address),
      message: {
        type: 'ClientConnectionChanged',
        status: 'online',
        revision,
        reportedHash,
        bootId,
        at: at(),
      },
      standing: { revision, connection, seq },
    });
  };
  const answer = (
    command: CommandRecord,
    state: 'applied' | 'rejected',
    revision: number,
    hash: string | null,
  ) => {
    seq += 1;
    return engine.service.record({
      from: from(),
      message: {
        type: 'ClientStatusReported',
        commandId: command.commandId,
        revision: 0,
        version: '',
        state,
        code: state.toUpperCase(),
        message: '',
        errors: [],
        reportedHash: hash,
        bootId: '1',
        seq,
        at: at(),
      },
      standing: { revision, connection: 0, seq },
    });
  };
  const client = () => engine.service.store.transaction((tx) => tx.client(REF));
  const rows = async () => (await engine.service.store.transaction((tx) => tx.outboxDepth())).rows;
  const sent = (command: CommandRecord) =>
    engine.service.store.transaction(async (tx) => {
      await tx.updateCommand(command.commandId, { state: 'published', applyDeadline: engine.clock.now + 1 });
      await tx.removeOutbox(command.commandId);
    });

  it('is found at its address and below the address of a gateway, nowhere else', async () => {
    should(await online()).have.property('kind', 'connection');
    should(await online({ connection: 1 }, 'factory-a/oven/oven-001')).have.property('kind', 'connection');
    for (const elsewhere of [
      'factory-a/oven/oven-001/thermal',
      'factory-a/oven/oven-00',
      'factory-a/oven/oven-0011',
    ])
      should(await online({}, elsewhere)).have.properties({ kind: 'unmatched', code: 'CLIENT_UNKNOWN' });
  });

  it('is not reconciled by heartbeats of one connection: its time to answer runs on', async () => {
    await online();
    const command = await push(engine, { a: 1 });
    await sent(command);
    await online();
    should(await rows()).equal(0);
    should((await stored(engine, command)).applyDeadline).equal(engine.clock.now + 1);
  });

  it('is reconciled by the first status of a new connection', async () => {
    await online();
    await sent(await push(engine, { a: 1 }));
    await online({ connection: 1 });
    should(await rows()).equal(1);
  });

  it('is reconciled by a heartbeat that tells of another configuration', async () => {
    await online();
    const command = await push(engine, { a: 1 });
    await sent(command);
    const hash = (await client())?.desiredHash ?? null;
    await answer(command, 'applied', 1, hash);
    await online({ revision: 1, reportedHash: hash });
    should(await rows()).equal(0);
    await online({ revision: 0 });
    should(await rows()).equal(1);
  });

  it('is not set back by a retained status that is delivered again', async () => {
    await online();
    const command = await push(engine, { a: 1 });
    await sent(command);
    const hash = (await client())?.desiredHash ?? null;
    await answer(command, 'applied', 1, hash);
    should(await online({ seq: 1 })).have.property('kind', 'repeated');
    should(await client()).have.properties({ reportedRevision: 1, reportedHash: hash });
    should(await rows()).equal(0);
  });

  it('tells the revision it runs also when it refuses one', async () => {
    await online({ revision: 0 });
    const command = await push(engine, { a: 1 });
    await answer(command, 'rejected', 0, null);
    should(await stored(engine, command)).have.property('state', 'rejected');
    should(await client()).have.properties({ reportedRevision: 0, reportedHash: null });
  });

  it("does not take another command's answer for one to the revision it runs", async () => {
    const command = await push(engine, { a: 1 });
    const other = { ...command, commandId: '01890000-0000-7000-8000-000000000009' };
    should(await answer(other, 'rejected', 1, null)).have.properties({
      kind: 'unmatched',
      code: 'COMMAND_UNKNOWN',
    });
    should(await stored(engine, command)).have.property('state', 'accepted');
  });
});
