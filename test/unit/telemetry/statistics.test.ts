import should from 'should';
import { BoundedMap } from '../../../lib/cache/bounded-map';
import { Latencies } from '../../../lib/telemetry/latency';
import { TelemetryCounter } from '../../../lib/telemetry/statistics';

describe('latencies', () => {
  it('tells percentiles at most an eighth power of two too high, and the highest exactly', () => {
    const latencies = new Latencies();
    for (let ms = 1; ms <= 1_000; ms += 1) latencies.add(ms);
    const between = (low: number, high: number) => (value: number) => value >= low && value <= high;
    should(latencies.take()).match({
      p50: between(500, 546),
      p95: between(950, 1_000),
      p99: between(990, 1_000),
      max: 1_000,
    });
  });

  it('takes a clock that is ahead for no latency, and one far behind for a long one', () => {
    const latencies = new Latencies();
    latencies.add(-500);
    latencies.add(10 ** 11);
    should(latencies.take()).match({ p50: (p50: number) => p50 < 1, max: 10 ** 11 });
    should(latencies.take()).equal(undefined);
  });
});

describe('the figures of an interval', () => {
  it('are rates over the time it really took', () => {
    const counter = new TelemetryCounter(1_000);
    for (let n = 0; n < 30; n += 1) counter.count('received', 'thermal');
    counter.count('valid', 'thermal', 20);
    counter.count('invalid', 'thermal', 4);
    should(counter.take(3_000)).match({
      seconds: 2,
      received: 30,
      perSecond: { received: 15, handedOver: 12 },
      latencyMs: null,
    });
  });
});

describe('a map of bounded size', () => {
  it('forgets what has not been used for longest', () => {
    const map = new BoundedMap<number, number>(100);
    for (let n = 0; n < 10_000; n += 1) {
      map.set(n, n);
      should(map.get(0)).equal(0);
    }
    should(map.size).be.within(50, 100);
    should(map.get(9_999)).equal(9_999);
    should(map.get(5)).equal(undefined);
  });

  it('counts an entry of both halves once', () => {
    const map = new BoundedMap<string, number>(4);
    for (const key of ['a', 'b', 'c', 'a']) map.set(key, 1);
    should(map.size).equal(3);
  });
});
