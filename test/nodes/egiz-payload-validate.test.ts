import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import should from 'should';
import { SHIPPED_SCHEMAS } from '../../lib/schemas/shipped';
import { migrations } from '../../nodes/egiz-payload-validate/migrations';
import { migrate } from '../../nodes/shell/migrate';

import validateNode = require('../../nodes/egiz-payload-validate/egiz-payload-validate');

import { type Outcome, runFlow } from './flow';

const TOPIC = 'openegiz/factory-a/oven/oven-001/electrical/telemetry';
const electrical = () =>
  JSON.parse(
    readFileSync(join(SHIPPED_SCHEMAS, '..', 'test', 'fixtures', 'prd', 'electrical.json'), 'utf8'),
  ) as Record<string, unknown>;

const named = (name: string, schema: unknown) => ({ name, text: JSON.stringify(schema) });

/** Sends messages through one validate node and tells what came out where. */
function validate(config: Record<string, unknown>, ...messages: Record<string, unknown>[]): Promise<Outcome> {
  return runFlow(
    validateNode,
    { type: 'egiz-payload-validate', configVersion: 1, source: 'automatic', ...config },
    2,
    messages,
  );
}

describe('egiz-payload-validate', () => {
  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(done);
  });
  afterEach(async () => {
    await helper.unload();
  });

  it('sends a valid message to output 1 and names its schema', async () => {
    const { outputs } = await validate({}, { topic: TOPIC, payload: electrical(), errors: ['old'] });
    should(outputs[1]).be.empty();
    should(outputs[0]).match([{ schema: 'telemetry/electrical' }]);
    should(outputs[0]?.[0]).not.have.property('errors');
  });

  it('reads text and bytes as JSON before it checks them', async () => {
    const text = JSON.stringify(electrical());
    const { outputs } = await validate(
      {},
      { topic: TOPIC, payload: text },
      { topic: TOPIC, payload: Buffer.from(text) },
    );
    should(outputs[0]).have.length(2);
    for (const msg of outputs[0] ?? []) should(msg.payload).eql(electrical());
  });

  it('sends an invalid message to output 2 with pointer, rule and message', async () => {
    const { outputs } = await validate({}, { topic: TOPIC, payload: { ...electrical(), sensor_type: 'x' } });
    should(outputs[0]).be.empty();
    should(outputs[1]?.[0]?.errors).eql([
      { pointer: '/sensor_type', rule: 'const', message: 'must be "electrical"' },
    ]);
  });

  it('compares a sensor payload with its topic', async () => {
    const { outputs } = await validate(
      {},
      { topic: TOPIC.replace('oven-001', 'oven-002'), payload: electrical() },
    );
    should(outputs[1]?.[0]?.errors).match([{ pointer: '/thing_id', rule: 'topic' }]);
  });

  const unreadable: readonly (readonly [string, unknown, string])[] = [
    ['text that is not JSON', '{', 'JSON_SYNTAX'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'JSON_NOT_UTF8'],
    ['a number that is none', { a: Number.NaN }, 'number'],
    ['a prototype in disguise', '{"__proto__":{}}', 'forbiddenKey'],
    ['no payload at all', undefined, 'type'],
    ['a function', { f: () => 1 }, 'type'],
  ];
  for (const [name, payload, rule] of unreadable) {
    it(`calls ${name} invalid`, async () => {
      const { outputs, dones } = await validate({}, { topic: TOPIC, payload });
      should(outputs[1]?.[0]?.errors).match([{ rule }]);
      should(dones).eql([undefined]);
    });
  }

  it('treats a message without a schema as the node says', async () => {
    const strict = await validate({}, { topic: 'plant/oven', payload: 1 }, { payload: 1 });
    should(strict.outputs[1]).have.length(2);
    should(strict.outputs[1]?.[0]?.errors).match([{ rule: 'schema' }]);
    await helper.unload();
    const lenient = await validate({ unmatched: 'valid' }, { topic: 'plant/oven', payload: 1 });
    should(lenient.outputs[0]).have.length(1);
  });

  it('checks another property', async () => {
    const config = {
      source: 'one',
      schema: 's',
      schemas: [named('s', { minimum: 5 })],
      property: 'req.body',
    };
    const { outputs } = await validate(config, { req: { body: 6 } }, { req: { body: 4 } }, {});
    should(outputs[0]).have.length(1);
    should(outputs[1]).have.length(2);
  });

  it('takes draft-07 and 2020-12 with formats, told apart by $schema', async () => {
    const config = {
      source: 'topic',
      schemas: [
        named('old', {
          $schema: 'http://json-schema.org/draft-07/schema#',
          items: [{ type: 'string', format: 'ipv4' }],
        }),
        named('new', {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          prefixItems: [{ type: 'string', format: 'date-time' }],
        }),
      ],
      rules: [
        { filter: 'a/+', schema: 'old' },
        { filter: 'b/#', schema: 'new' },
      ],
    };
    const { outputs } = await validate(
      config,
      { topic: 'a/1', payload: ['10.0.0.1'] },
      { topic: 'a/1', payload: ['10.0.0'] },
      { topic: 'b', payload: ['2026-01-29T10:30:00Z'] },
      { topic: 'b/1/2', payload: ['yesterday'] },
    );
    should(outputs[0]).have.length(2);
    should(outputs[1]?.map((msg) => [msg.schema, msg.errors])).match([
      ['old', [{ pointer: '/0', rule: 'format' }]],
      ['new', [{ pointer: '/0', rule: 'format' }]],
    ]);
  });

  it('resolves $ref among the given schemas, by $id and by name', async () => {
    const config = {
      source: 'one',
      schema: 'main',
      schemas: [
        named('main', { properties: { a: { $ref: 'urn:test:a' }, b: { $ref: 'b' } } }),
        named('a', { $id: 'urn:test:a', minimum: 1 }),
        named('b', { maximum: 1 }),
      ],
    };
    const { outputs } = await validate(config, { payload: { a: 0, b: 2 } });
    should(outputs[1]?.[0]?.errors).match([{ pointer: '/a' }, { pointer: '/b' }]);
  });

  it('lets an own schema stand in the place of a built-in one', async () => {
    const config = {
      source: 'topic',
      schemas: [named('status', { const: 1 })],
      rules: [
        { filter: 'x', schema: 'status' },
        { filter: 'y', schema: 'telemetry/electrical' },
      ],
    };
    const { outputs } = await validate(
      config,
      { topic: 'x', payload: 1 },
      { topic: 'y', payload: electrical() },
    );
    should(outputs[0]).have.length(2);
  });

  const broken: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['a rule of the wrong type', { schemas: [named('s', { minimum: 'x' })] }, 'SCHEMA_INVALID'],
    ['a reference to nowhere', { schemas: [named('s', { $ref: 'http://example.com/s' })] }, 'SCHEMA_INVALID'],
    ['text that is not JSON', { schemas: [{ name: 's', text: '{' }] }, 'JSON_SYNTAX'],
    ['an unknown draft', { schemas: [named('s', { $schema: 'urn:x' })] }, 'SCHEMA_DRAFT'],
    [
      'a pattern that is no regular expression',
      { schemas: [named('s', { pattern: '(' })] },
      'SCHEMA_INVALID',
    ],
    ['two schemas of one name', { schemas: [named('s', {}), named('s', {})] }, 'SCHEMA_DUPLICATE'],
    [
      'two schemas of one $id',
      { schemas: [named('s', { $id: 'urn:x' }), named('t', { $id: 'urn:x' })] },
      'SCHEMA_INVALID',
    ],
    ['a schema that is not there', { schema: 'nothing' }, 'SCHEMA_UNKNOWN'],
    ['no schema', { schema: '' }, 'CONFIG_INVALID'],
    ['an unknown source', { source: 'magic' }, 'CONFIG_INVALID'],
    ['a bad filter', { source: 'topic', rules: [{ filter: 'a#', schema: 'status' }] }, 'INVALID_TOPIC'],
    ['a newer version of the node', { configVersion: 99 }, 'CONFIG_TOO_NEW'],
  ];
  for (const [name, config, code] of broken) {
    it(`survives ${name} and gives every message the error ${code}`, async () => {
      const { outputs, dones, status } = await validate(
        { source: 'one', schema: 's', ...config },
        { payload: 1 },
        { payload: 2 },
      );
      should(outputs).eql([[], []]);
      should(dones).match([{ code }, { code }]);
      should(status).containEql({ fill: 'red', shape: 'dot', text: 'status.misconfigured' });
    });
  }

  it('keeps two nodes with one $id and different content apart', async () => {
    const schema = (maximum: number) => [named('s', { $id: 'urn:test:same', maximum })];
    const low = await validate({ source: 'one', schema: 's', schemas: schema(1) }, { payload: 5 });
    await helper.unload();
    const high = await validate({ source: 'one', schema: 's', schemas: schema(9) }, { payload: 5 });
    should([low.outputs[1]?.length, high.outputs[0]?.length]).eql([1, 1]);
  });

  it('calls done exactly once for every message', async () => {
    const { dones } = await validate({}, { topic: TOPIC, payload: electrical() }, { payload: 'x' }, {});
    should(dones).eql([undefined, undefined, undefined]);
  });

  it('shows its latest state, at most twice a second', async () => {
    const messages = Array.from({ length: 200 }, (_, index) => ({
      topic: TOPIC,
      payload: index % 2 === 0 ? electrical() : 0,
    }));
    const { status } = await validate({}, ...messages);
    should(status.length).be.below(6);
    should(status[0]).eql({ fill: 'grey', shape: 'ring', text: 'status.ready' });
  });

  it('brings a configuration without a version to version 1', () => {
    should(migrate({ source: 'one', schema: 'status' }, migrations)).eql({
      source: 'one',
      schema: 'status',
      schemas: [],
      rules: [],
      unmatched: 'invalid',
      property: 'payload',
      configVersion: 1,
    });
  });
});
