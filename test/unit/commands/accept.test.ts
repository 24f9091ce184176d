import should from 'should';
import { type Engine, order, PRESS, push, Reporter, startEngine, stored } from '../../support/engine';

describe('accepting a configuration (SEQ step 3)', () => {
  let engine: Engine;
  beforeEach(async () => {
    engine = await startEngine();
  });
  afterEach(() => engine.close());

  const kind = async (...given: Parameters<typeof order>) => {
    const result = await engine.service.push(order(...given));
    return result.kind === 'new' ? result.acceptance.kind : result.kind;
  };
  const nothingStored = async () => {
    const counts = await engine.service.store.transaction((tx) => tx.countAccepted({}));
    counts.should.equal(0);
    should(await engine.service.store.transaction((tx) => tx.revisions(PRESS, { limit: 1 }))).be.empty();
  };

  it('gives revisions 1, 2, 3 and makes the newest the desired one', async () => {
    const revisions = [];
    for (const a of [1, 2, 3]) revisions.push((await push(engine, { a })).revision);
    revisions.should.eql([1, 2, 3]);
    const client = await engine.service.store.transaction((tx) => tx.client(PRESS));
    should(client).have.properties({ desiredRevision: 3, desiredState: 'accepted' });
  });

  it('refuses settings that fail the schema, with pointers, and stores nothing', async () => {
    await engine.service.push(order({ bad: 1 })).should.be.rejectedWith({
      code: 'SETTINGS_INVALID',
      cause: { errors: [{ pointer: '/bad', rule: 'forbidden', message: 'must not be there' }] },
    });
    await nothingStored();
  });

  it('refuses settings over 32 KB and nested deeper than 10, and stores nothing', async () => {
    await engine.service
      .push(order({ a: 'x'.repeat(32 * 1024) }))
      .should.be.rejectedWith({ code: 'SETTINGS_TOO_LARGE' });
    const deep = JSON.parse(`${'{"a":'.repeat(10)}{}${'}'.repeat(10)}`);
    await engine.service.push(order(deep)).should.be.rejectedWith({ code: 'JSON_REFUSED' });
    await nothingStored();
    const deepest = JSON.parse(`${'{"a":'.repeat(9)}{}${'}'.repeat(9)}`);
    should(await kind(deepest)).equal('accepted');
  });

  it('refuses an unknown client, a schema of another type, an unknown schema', async () => {
    const ref = { tenantId: 'acme', clientId: 'nobody' };
    await engine.service
      .push(order({ a: 1 }, {}, { ref }))
      .should.be.rejectedWith({ code: 'CLIENT_UNKNOWN' });
    await engine.service
      .push(order({ a: 1 }, { schema: 'other/1' }))
      .should.be.rejectedWith({ code: 'SCHEMA_UNKNOWN' });
    await engine.service
      .push(order({ a: 1 }, { schema: 'thing/9' }))
      .should.be.rejectedWith({ code: 'SCHEMA_UNKNOWN' });
    should(await kind({ a: 1 }, { schema: 'thing/1' })).equal('accepted');
  });

  it('keeps a label for one content: other content is refused, the same may be pushed again', async () => {
    await push(engine, { a: 1 }, { version: '1.0.0' });
    await engine.service
      .push(order({ a: 2 }, { version: '1.0.0' }))
      .should.be.rejectedWith({ code: 'VERSION_CONFLICT' });
    await push(engine, { a: 2 }, { version: '2.0.0' });
    should((await push(engine, { a: 1 }, { version: '1.0.0' })).revision).equal(3);
  });

  it('answers "unchanged" for content that is current, and sends it again after a bad end', async () => {
    const command = await push(engine, { a: 1 });
    should(await kind({ a: 1 }, { version: '9.0.0' })).equal('unchanged');
    await new Reporter(engine).report(command, 'failed');
    should(await kind({ a: 1 }, { version: '9.0.0' })).equal('accepted');
  });

  it('refuses a stale baseRevision or If-Match and tells the current one', async () => {
    await push(engine, { a: 1 });
    const stale = { code: 'REVISION_STALE', currentRevision: 1 };
    await engine.service.push(order({ a: 2 }, { baseRevision: 0 })).should.be.rejectedWith(stale);
    await engine.service.push(order({ a: 2 }, {}, { ifMatch: 7 })).should.be.rejectedWith(stale);
    should(await kind({ a: 2 }, { baseRevision: 1, version: '2.0.0' }, { ifMatch: '*' })).equal('accepted');
  });

  it('refuses If-Match: * when there is no configuration yet', async () => {
    await engine.service
      .push(order({ a: 1 }, {}, { ifMatch: '*' }))
      .should.be.rejectedWith({ code: 'REVISION_STALE' });
  });

  it('merges by RFC 7396 onto the desired revision', async () => {
    await push(engine, { a: 1, b: { c: 2, d: 3 } });
    await push(engine, { a: null, b: { c: 5 } }, { mode: 'merge' });
    const revision = await engine.service.store.transaction((tx) => tx.revision(PRESS, 2));
    should(revision?.settings).eql({ b: { c: 5, d: 3 } });
  });

  it('validates and shows the difference in a dry run, and stores and sends nothing', async () => {
    const result = await engine.service.push(order({ a: 2 }, { dryRun: true }));
    should(result).containDeep({ acceptance: { kind: 'dry-run', changes: [{ pointer: '/a', after: 2 }] } });
    await nothingStored();
    should(await engine.service.store.transaction((tx) => tx.outboxDepth())).have.property('rows', 0);
  });

  it('supersedes older commands that were not sent', async () => {
    const first = await push(engine, { a: 1 });
    await push(engine, { a: 2 });
    should(await stored(engine, first)).have.properties({ state: 'superseded', code: 'NEWER_REVISION' });
    should(await engine.service.store.transaction((tx) => tx.outboxDepth())).have.property('rows', 1);
  });

  it('repeats the answer to an idempotency key, and refuses the key for another body', async () => {
    const idempotency = (fingerprint: string) => ({
      key: 'k1',
      fingerprint,
      render: () => ({ status: 202, headers: {}, body: { n: 1 } }),
    });
    await engine.service.push(order({ a: 1 }), idempotency('f1'));
    should(await engine.service.push(order({ a: 1 }), idempotency('f1'))).have.property('kind', 'replayed');
    await engine.service
      .push(order({ a: 2 }), idempotency('f2'))
      .should.be.rejectedWith({ code: 'IDEMPOTENCY_KEY_REUSED' });
    engine.clock.advance(24 * 3_600_000 + 1);
    should(await engine.service.push(order({ a: 3 }, { version: '3.0.0' }), idempotency('f3'))).have.property(
      'kind',
      'new',
    );
  });

  it('treats "constructor" and "1e3" as the ordinary keys and ids they are', async () => {
    const ref = { tenantId: 'acme', clientId: 'constructor' };
    await engine.service
      .push(order({ constructor: 1 }, {}, { ref }))
      .should.be.rejectedWith({ code: 'CLIENT_UNKNOWN' });
    should(await kind({ constructor: 1, '1e3': 2 }, { version: '3.0.0' })).equal('accepted');
  });
});

describe('cancelling a command', () => {
  let engine: Engine;
  beforeEach(async () => {
    engine = await startEngine();
  });
  afterEach(() => engine.close());

  it('takes back what was not sent and desires the revision before', async () => {
    const first = await push(engine, { a: 1 });
    await new Reporter(engine).report(first, 'applied');
    const second = await push(engine, { a: 2 });
    should(await engine.service.cancel(PRESS, second.commandId, 'bob')).have.property('state', 'cancelled');
    const client = await engine.service.store.transaction((tx) => tx.client(PRESS));
    should(client).have.properties({ desiredRevision: 1, lastRevision: 2 });
    should(await engine.service.store.transaction((tx) => tx.outboxDepth())).have.property('rows', 0);
  });

  it('sends again what the cancelled command had taken the place of', async () => {
    await push(engine, { a: 1 });
    const second = await push(engine, { a: 2 });
    await engine.service.cancel(PRESS, second.commandId, 'bob');
    const open = await engine.service.store.transaction((tx) => tx.openCommands(PRESS));
    open.should.have.length(1);
    should(open[0]).have.properties({ revision: 1, origin: 'reconcile' });
  });

  it('is too late once the client has it, and knows only its own client', async () => {
    const command = await push(engine, { a: 1 });
    const other = { tenantId: 'globex', clientId: 'press-1' };
    await engine.service
      .cancel(other, command.commandId, 'eve')
      .should.be.rejectedWith({ code: 'COMMAND_UNKNOWN' });
    await new Reporter(engine).report(command, 'received');
    await engine.service
      .cancel(PRESS, command.commandId, 'bob')
      .should.be.rejectedWith({ code: 'TOO_LATE_TO_CANCEL' });
  });
});
