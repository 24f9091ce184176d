import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { SHIPPED_SCHEMAS } from '../../../lib/schemas/shipped';
import { Intake, type IntakeOptions, type TelemetryEntry } from '../../../lib/telemetry/intake';
import type { Statistics } from '../../../lib/telemetry/statistics';
import { ManualClock } from '../../support/clock';

const TOPICS = {
  electrical: 'openegiz/factory-a/oven/oven-001/electrical/telemetry',
  thermal: 'openegiz/factory-a/oven/oven-001/thermal/telemetry',
  environmental: 'openegiz/factory-a/environment/zone-a/ambient/telemetry',
} as const;
type Kind = keyof typeof TOPICS;

const sample = (kind: Kind) =>
  JSON.parse(
    readFileSync(join(SHIPPED_SCHEMAS, '..', 'test/fixtures/prd', `${kind}.json`), 'utf8'),
  ) as Record<string, unknown>;

describe('the intake of telemetry', () => {
  let clock: ManualClock;
  let intake: Intake;
  let acknowledged: number;

  const make = (options: Partial<IntakeOptions> = {}) => {
    clock = new ManualClock();
    acknowledged = 0;
    intake = new Intake({ policy: 'sample', limit: 100, gaps: true, clock, random: () => 0.5, ...options });
  };
  const take = (kind: Kind, change: Record<string, unknown> = {}, topic: string = TOPICS[kind]) =>
    takeText(topic, JSON.stringify({ ...sample(kind), ...change }));
  const takeText = (topic: string, text: string, qos: 0 | 1 = 1) =>
    intake.take({
      topic,
      payload: Buffer.from(text),
      qos,
      retain: false,
      duplicate: false,
      acknowledge() {
        acknowledged += 1;
      },
    });
  const numbered = (seq: number, boot_id = 1) => ({ metadata: { boot_id, seq } });
  const drain = () => {
    const entries: TelemetryEntry[] = [];
    for (let one = intake.queue.shift(); one !== undefined; one = intake.queue.shift()) entries.push(one);
    return entries;
  };
  const figures = (): Statistics => {
    clock.advance(10_000);
    intake.settle();
    return intake.counter.take(clock.now());
  };
  beforeEach(() => make());

  it("lets the PRD's samples through, with where they come from", () => {
    for (const kind of Object.keys(TOPICS) as Kind[]) take(kind);
    const entries = drain();
    should(entries.map(({ errors }) => errors)).eql([[], [], []]);
    should(entries.map(({ type }) => type)).eql(['electrical', 'thermal', 'environmental']);
    should(entries[2]).match({
      topic: TOPICS.environmental,
      payload: sample('environmental'),
      sensor: {
        factoryId: 'factory-a',
        equipmentType: 'environment',
        equipmentId: 'zone-a',
        sensorType: 'environmental',
      },
      timestamp: Date.parse('2026-01-29T10:30:00.789Z'),
      kept: true,
    });
    should(intake.devices).equal(3);
    should(acknowledged).equal(0);
  });

  const refused: readonly (readonly [what: string, topic: string, text: string, rule: string])[] = [
    ['no JSON', TOPICS.thermal, '{', 'JSON_SYNTAX'],
    ['a unit that is not ours', TOPICS.thermal, '', 'const'],
    ['another equipment than the topic names', 'openegiz/f/oven/oven-002/thermal/telemetry', '', 'topic'],
    ['a topic of a sensor that there is not', 'openegiz/f/oven/oven-001/vibration/telemetry', '{}', 'schema'],
  ];
  for (const [what, topic, text, rule] of refused) {
    it(`calls ${what} invalid, and says why`, () => {
      const measurements = {
        temperature_zones: [{ zone: 1, value: 365, unit: rule === 'const' ? 'F' : 'C' }],
      };
      takeText(topic, text === '' ? JSON.stringify({ ...sample('thermal'), measurements }) : text);
      const [entry] = drain();
      should(entry?.errors).match([{ rule }]);
    });
  }

  it('counts each message by its sensor type', () => {
    take('electrical');
    take('thermal');
    takeText('openegiz/f/t/e/vibration/telemetry', '{}');
    takeText('some/telemetry', '{}');
    const { received, bySensorType } = figures();
    should(received).equal(4);
    should(Object.values(bySensorType).map((counts) => counts.received)).eql([1, 1, 0, 2]);
  });

  it('keeps a copy of bytes that are not JSON: what they were read from is used again', () => {
    const payload = Buffer.from('not json');
    intake.take({
      topic: TOPICS.thermal,
      payload,
      qos: 1,
      retain: false,
      duplicate: false,
      acknowledge() {},
    });
    payload.fill(0);
    should(String(drain()[0]?.payload)).equal('not json');
  });

  it('hands a number over once, and acknowledges its double', () => {
    for (const seq of [1, 2, 2, 1]) take('thermal', numbered(seq));
    should(drain()).have.length(2);
    should(acknowledged).equal(2);
    should(figures()).match({ received: 4, duplicates: 2, lost: 0 });
  });

  it('counts what is missing, by topic, when it has had its time', () => {
    for (const seq of [1, 4]) take('thermal', numbered(seq));
    for (const seq of [1, 2, 3]) take('electrical', numbered(seq));
    intake.settle();
    should(intake.counter.take(clock.now()).lost).equal(0);
    should(figures()).match({ lost: 2, bySensorType: { thermal: { lost: 2 }, electrical: { lost: 0 } } });
  });

  it('does not call lost what came and was invalid', () => {
    take('thermal', numbered(1));
    take('thermal', { ...numbered(2), measurements: {} });
    take('thermal', { metadata: { boot_id: 1, seq: 1e12 } });
    take('thermal', numbered(3));
    should(drain().map(({ errors }) => errors.length > 0)).eql([false, true, true, false]);
    should(figures().lost).equal(0);
  });

  it('does not call lost what it shed itself', () => {
    make({ limit: 10, random: () => 0.999 });
    for (let seq = 1; seq <= 50; seq += 1) take('thermal', numbered(seq));
    const { shed, lost, received } = figures();
    should({ shed, lost, received }).eql({ shed: 44, lost: 0, received: 50 });
    should(acknowledged).equal(44);
    should(intake.queue.size).equal(6);
  });

  it('says nothing of gaps where others get a part of the messages', () => {
    make({ gaps: false });
    for (const seq of [1, 40, 90, 90]) take('thermal', numbered(seq));
    should(figures()).match({ lost: 0, duplicates: 1 });
  });

  it('a bad reading never takes the place of a good one', () => {
    make({ policy: 'latest', limit: 2 });
    take('thermal');
    takeText(TOPICS.thermal, '{');
    should(drain().map(({ errors }) => errors.length)).eql([0, 1]);
  });

  it('sums up since the beginning', () => {
    take('thermal');
    figures();
    take('thermal');
    should(figures()).match({ received: 1, total: { received: 2 } });
  });

  it('knows no topic that is not ours, however many come', () => {
    for (let n = 0; n < 1_000; n += 1) takeText(`a/${n}/telemetry`, '{}');
    should(intake.devices).equal(0);
  });
});
