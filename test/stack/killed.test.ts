import should from 'should';
import type { ServiceStep } from '../../lib/commands/service';
import { EDGE_STEPS, type EdgeStep } from '../../lib/edge/steps';
import { Loop } from '../support/loop';

const SERVICE_STEPS: readonly ServiceStep[] = [
  'accepted:before-commit',
  'accepted:after-commit',
  'outbox:claimed',
  'outbox:written',
  'outbox:acknowledged',
  'outbox:settled',
  'status:before-commit',
  'status:after-commit',
];

/** Steps between which the same application may have begun once more: it had not been recorded as done. */
const REPEATS: ReadonlySet<EdgeStep> = new Set<EdgeStep>(['apply:started', 'apply:finished']);

describe('killed at any step, nothing is lost and nothing applied twice (SPEC 3 "Invariant")', function () {
  this.timeout(60_000);
  let loop: Loop;
  beforeEach(async () => {
    loop = await Loop.start();
  });
  afterEach(() => loop.close());

  /** Repeats a push that was not answered, as a caller with an Idempotency-Key would. */
  const pushUntilAnswered = async (n: number) => {
    if (await loop.push(n)) return;
    await loop.restartService();
    should(await loop.push(n)).be.true();
  };

  const holds = async (repeatable: boolean) => {
    const counts = await loop.ask<{ accepted: number; sum: number; balanced: boolean }>({ do: 'counts' });
    should(counts?.balanced).be.true();
    const commands = await loop.commands();
    should(commands.filter(({ state }) => state === 'applied').length).be.aboveOrEqual(1);
    for (const { transitions } of commands) {
      const states = transitions.map(({ state }) => state);
      should(states.filter((state) => state === 'applied').length).be.belowOrEqual(1);
      should(states.filter((state) => state === 'accepted')).have.length(1);
    }
    const applied = loop.applied();
    const revisions = applied.map((line) => Number(line.split(' ')[0]));
    should([...revisions].sort((a, b) => a - b)).eql(revisions);
    if (!repeatable) should(new Set(applied).size).equal(applied.length);
    should(revisions.at(-1)).equal(Math.max(...commands.map(({ revision }) => revision)));
  };

  for (const at of SERVICE_STEPS) {
    it(`the service at ${at}`, async () => {
      await loop.startEdge();
      await loop.startService({ at, pid: 0 });
      if (await loop.push(1)) await loop.restartService();
      await pushUntilAnswered(1);
      await pushUntilAnswered(2);
      await loop.converged();
      await holds(false);
    });
  }

  for (const at of EDGE_STEPS) {
    it(`the client at ${at}`, async () => {
      await loop.startService();
      await loop.startEdge({ at, pid: 0 });
      await pushUntilAnswered(1);
      await loop.edgeDied();
      await pushUntilAnswered(2);
      await loop.startEdge();
      await loop.converged();
      await holds(REPEATS.has(at));
    });
  }

  for (const at of [
    'outbox:claimed',
    'outbox:written',
    'outbox:acknowledged',
    'status:before-commit',
  ] as const) {
    it(`the broker at ${at} of the service`, async () => {
      await loop.startEdge();
      await loop.startService({ at, pid: loop.broker.pid });
      await pushUntilAnswered(1);
      await loop.restartKilledBroker();
      await pushUntilAnswered(2);
      await loop.converged();
      await holds(false);
    });
  }

  for (const at of ['command:received', 'inbox:saved', 'apply:finished', 'report:sent'] as const) {
    it(`the broker at ${at} of the client`, async () => {
      await loop.startService();
      await loop.startEdge({ at, pid: loop.broker.pid });
      await pushUntilAnswered(1);
      await loop.restartKilledBroker();
      await pushUntilAnswered(2);
      await loop.converged();
      await holds(false);
    });
  }
});
