import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { builtInFor } from '../../../lib/schemas/built-in';
import { PayloadValidator } from '../../../lib/schemas/payload-validator';
import { SHIPPED_SCHEMAS } from '../../../lib/schemas/shipped';
import { checkAgreement } from '../../../lib/telemetry/agreement';
import { isTopicFilter, matchesFilter } from '../../../lib/topics/filters';

describe('the built-in schema of a topic (SPEC 2)', () => {
  const cases: readonly (readonly [topic: string, payload: unknown, schema: string | undefined])[] = [
    ['openegiz/factory-a/oven/oven-001/electrical/telemetry', {}, 'telemetry/electrical'],
    ['openegiz/factory-a/environment/zone-a/ambient/telemetry', {}, 'telemetry/environmental'],
    ['openegiz/factory-a/environment/zone-a/environmental/telemetry', {}, 'telemetry/environmental'],
    ['openegiz/factory-a/oven/oven-001/vibration/telemetry', {}, undefined],
    ['openegiz/factory-a/oven/oven-001/electrical/status', {}, 'status'],
    ['openegiz/factory-a/oven/oven-001/status', {}, 'status'],
    ['openegiz/factory-a/oven/oven-001/command', {}, 'command'],
    ['tenants/acme/clients/press-line-1/commands/config', {}, 'messages/ClientConfigurationUpdated'],
    ['tenants/acme/clients/press-line-1/status', {}, 'messages/ClientStatusReported'],
    [
      'tenants/acme/clients/press-line-1/status',
      { type: 'ClientConnectionChanged' },
      'messages/ClientConnectionChanged',
    ],
    ['tenants/acme/clients/a/b/status', {}, undefined],
    ['openegiz/factory-a/oven/+/status', {}, undefined],
    ['plant/oven', {}, undefined],
  ];
  for (const [topic, payload, schema] of cases) {
    it(`${topic} -> ${schema ?? 'none'}`, () => should(builtInFor(topic, payload)).equal(schema));
  }
});

describe("the PRD's samples on the PRD's topics, as egiz-payload-validate checks them", () => {
  const taken = Date.parse('2026-01-29T10:30:01Z');
  const validator = new PayloadValidator(
    { choice: { kind: 'automatic' }, schemas: [], unmatched: 'invalid' },
    () => taken,
  );
  const sample = (name: string) =>
    readFileSync(join(SHIPPED_SCHEMAS, '..', 'test', 'fixtures', 'prd', `${name}.json`));
  const topics = {
    'openegiz/factory-a/oven/oven-001/electrical/telemetry': 'electrical',
    'openegiz/factory-a/oven/oven-001/thermal/telemetry': 'thermal',
    'openegiz/factory-a/environment/zone-a/ambient/telemetry': 'environmental',
    'openegiz/factory-a/oven/oven-001/status': 'status',
    'openegiz/factory-a/oven/oven-001/electrical/status': 'status',
  };
  for (const [topic, name] of Object.entries(topics)) {
    it(`${name} on ${topic}`, () => {
      should(validator.validate(topic, sample(name)).errors).eql([]);
    });
  }

  const refused: readonly (readonly [
    what: string,
    topic: string,
    text: string,
    by: string,
    pointer: string,
  ])[] = [
    ['another unit', 'thermal', '"unit": "C"', '"unit": "F"', '/measurements/temperature_zones/0/unit'],
    ['a value out of range', 'thermal', '185', '1850', '/measurements/temperature_zones/0/value'],
    ['a clock that is wrong', 'thermal', '2026-01-29T10:30', '2026-01-29T10:36', '/timestamp'],
    ['another equipment', 'thermal', 'factory:oven-001', 'factory:oven-002', '/thing_id'],
    ['another sensor', 'electrical', '', '', '/sensor_type'],
  ];
  for (const [what, level, text, by, pointer] of refused) {
    it(`refuses ${what}`, () => {
      const changed = sample('thermal').toString('utf8').replace(text, by);
      const { errors } = validator.validate(`openegiz/factory-a/oven/oven-001/${level}/telemetry`, changed);
      should(errors.map((error) => error.pointer)).containEql(pointer);
    });
  }
});

describe('agreement of a payload with its topic and the clock (SPEC 2, 4)', () => {
  const topic = 'openegiz/factory-a/oven/oven-001/electrical/telemetry';
  const now = Date.parse('2026-01-29T10:30:00Z');
  const payload = {
    thing_id: 'factory:oven-001',
    sensor_type: 'electrical',
    timestamp: '2026-01-29T10:35:00Z',
  };

  it('accepts a clock five minutes ahead, and ambient for environmental', () => {
    checkAgreement(topic, payload, now).should.eql([]);
    checkAgreement(
      'openegiz/factory-a/environment/oven-001/ambient/telemetry',
      { ...payload, sensor_type: 'environmental' },
      now,
    ).should.eql([]);
  });

  it('refuses a clock further ahead, another thing, another sensor and a zone told twice', () => {
    const zones = [1, 2, 1].map((zone) => ({ zone, value: 1, unit: 'C' }));
    checkAgreement(
      topic,
      {
        thing_id: 'factory:oven-002',
        sensor_type: 'thermal',
        timestamp: '2026-01-29T10:35:00.001Z',
        measurements: { temperature_zones: zones },
      },
      now,
    ).should.match([
      { pointer: '/thing_id', rule: 'topic' },
      { pointer: '/sensor_type', rule: 'topic' },
      { pointer: '/timestamp', rule: 'time' },
      { pointer: '/measurements/temperature_zones/2/zone', rule: 'uniqueZones' },
    ]);
  });
});

describe('topic filters (MQTT 5.0 section 4.7)', () => {
  const matches: readonly (readonly [filter: string, topic: string, matches: boolean])[] = [
    ['a/b', 'a/b', true],
    ['a/+', 'a/b', true],
    ['a/+', 'a', false],
    ['a/+', 'a/b/c', false],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/broker', false],
    ['+/broker', '$SYS/broker', false],
    ['$SYS/#', '$SYS/broker', true],
    ['a/b', 'A/b', false],
  ];
  for (const [filter, topic, expected] of matches) {
    it(`${filter} ${expected ? 'covers' : 'leaves out'} ${topic}`, () => {
      matchesFilter(filter, topic).should.equal(expected);
    });
  }

  it('knows a filter from what is none', () => {
    for (const filter of ['#', '+', 'a/+/b', 'a/#', '/']) isTopicFilter(filter).should.be.true();
    for (const filter of ['', 'a#', '#/a', 'a+/b', 'a/\0']) isTopicFilter(filter).should.be.false();
  });
});
