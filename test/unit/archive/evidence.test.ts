import should from 'should';
import { sumOf } from '../../../lib/archive/evidence';
import { parseDuration } from '../../../lib/time/duration';

describe('Telegraf’s own metrics', () => {
  const TEXT = `# TYPE internal_write_metrics_dropped counter
internal_write_metrics_dropped{alias="a b",output="influxdb_v2"} 2
internal_write_metrics_dropped{output="file"} 1e+3
internal_write_metrics_dropped_total 7
internal_gather_errors 0
`;

  it('are summed up over plugins', () => {
    should(sumOf(TEXT, 'internal_write_metrics_dropped')).equal(1002);
    should(sumOf(TEXT, 'internal_gather_errors')).equal(0);
  });

  it('are not known when there are none', () => {
    should(sumOf(TEXT, 'internal_write_metrics_rejected')).be.undefined();
  });
});

describe('times on the command line', () => {
  for (const [text, ms] of [
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
  ] as const) {
    it(`${text} is ${ms} ms`, () => should(parseDuration(text)).equal(ms));
  }
  for (const text of ['0s', '5', 'h', '1.5h', '-1h', '1 h']) {
    it(`"${text}" is none`, () => should(parseDuration(text)).be.undefined());
  }
});
