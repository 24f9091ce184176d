import should from 'should';
import { EgizError } from '../../../lib/errors/egiz-error';
import { EngineMetrics } from '../../../lib/metrics/engine';
import { Registry } from '../../../lib/metrics/registry';
import { type Engine, PRESS, push, startEngine } from '../../support/engine';

describe("the configuration engine's metrics", () => {
  let engine: Engine;
  let registry: Registry;
  let metrics: EngineMetrics;
  beforeEach(async () => {
    engine = await startEngine();
    registry = new Registry();
    metrics = new EngineMetrics(registry);
  });
  afterEach(() => engine.close());

  /** The samples that are not zero. */
  async function told(): Promise<string[]> {
    const lines = (await registry.metrics()).split('\n');
    return lines.filter((line) => line.startsWith('egiz_') && !line.endsWith(' 0'));
  }

  it('count commands by state, the outbox and its age, and clients by presence', async () => {
    metrics.watch(() => engine.service);
    await push(engine, { a: 1 });
    await push(engine, { a: 2 });
    await engine.service.store.transaction((tx) => tx.updateClient(PRESS, { presence: 'online' }));
    engine.clock.advance(90_000);
    should(await told()).eql([
      'egiz_stores{state="usable"} 1',
      'egiz_commands{state="accepted"} 1',
      'egiz_commands{state="superseded"} 1',
      'egiz_clients{presence="online"} 1',
      'egiz_clients{presence="unknown"} 1',
      'egiz_outbox_pending 1',
      'egiz_outbox_oldest_seconds 90',
    ]);
  });

  it('leave out a store that cannot be used, and say so', async () => {
    metrics.watch(() => engine.service);
    metrics.watch(() => {
      throw new EgizError('STORE_UNAVAILABLE', 'The store is being opened');
    });
    should(await told()).containDeep(['egiz_stores{state="usable"} 1', 'egiz_stores{state="unavailable"} 1']);
  });

  it('forget a store that is watched no more', async () => {
    const unwatch = metrics.watch(() => engine.service);
    unwatch();
    await push(engine, { a: 1 });
    should(await told()).be.empty();
  });

  it('count alerts by their code', async () => {
    metrics.countAlert('COMMAND_FAILED');
    metrics.countAlert('COMMAND_FAILED');
    should(await told()).eql(['egiz_alerts_total{code="COMMAND_FAILED"} 2']);
  });
});
