import should from 'should';
import { Registry } from '../../../lib/metrics/registry';
import { TelemetryMetrics } from '../../../lib/metrics/telemetry';
import { TelemetryCounter } from '../../../lib/telemetry/statistics';

describe('the metrics of telemetry', () => {
  it('sum up the intervals of all nodes, by result and sensor type', async () => {
    const registry = new Registry();
    const metrics = new TelemetryMetrics(registry);
    const counters = [new TelemetryCounter(0), new TelemetryCounter(0)];
    for (const counter of counters) {
      counter.count('valid', 'thermal', 5);
      counter.count('shed', 'electrical', 2);
      counter.count('invalid', 'other');
      counter.count('lost', 'thermal', 3);
      counter.count('duplicates', 'thermal');
      metrics.add(counter.take(1_000));
      metrics.add(counter.take(2_000));
    }
    const lines = (await registry.metrics()).split('\n').filter((line) => /^egiz_.*_total/.test(line));
    // What has not happened is told as 0, so that its first time is an increase.
    should(lines).containEql('egiz_telemetry_lost_total{sensor_type="electrical"} 0');
    should(lines.filter((line) => !line.endsWith(' 0'))).eql([
      'egiz_telemetry_messages_total{result="shed",sensor_type="electrical"} 4',
      'egiz_telemetry_messages_total{result="valid",sensor_type="thermal"} 10',
      'egiz_telemetry_messages_total{result="invalid",sensor_type="other"} 2',
      'egiz_telemetry_lost_total{sensor_type="thermal"} 6',
      'egiz_telemetry_duplicates_total 2',
    ]);
  });

  it('tell the latency in seconds, and a clock that is ahead as none', async () => {
    const registry = new Registry();
    const metrics = new TelemetryMetrics(registry);
    for (const ms of [-50, 40, 300]) metrics.latency(ms);
    const text = await registry.metrics();
    text.should.match(/egiz_telemetry_latency_seconds_bucket\{le="0.001"\} 1\n/);
    text.should.match(/egiz_telemetry_latency_seconds_bucket\{le="0.05"\} 2\n/);
    text.should.match(/egiz_telemetry_latency_seconds_count 3\n/);
  });
});
