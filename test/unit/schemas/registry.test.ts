import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import type { JsonObject } from '../../../lib/json/json';
import { mergePatch } from '../../../lib/json/merge';
import { SchemaRegistry } from '../../../lib/schemas/registry';
import { SHIPPED_CLIENT_SCHEMAS, SHIPPED_SCHEMAS } from '../../../lib/schemas/shipped';

const registry = SchemaRegistry.load([SHIPPED_CLIENT_SCHEMAS]);

function example(name: string): JsonObject {
  return JSON.parse(readFileSync(join(SHIPPED_SCHEMAS, 'examples', `${name}.json`), 'utf8')) as JsonObject;
}

/** Changes below the example's one connection. */
const press = (change: JsonObject): JsonObject => ({ connections: { press: change } });
const fast = (change: JsonObject): JsonObject => press({ groups: { fast: change } });
const FAST = '/connections/press/groups/fast';

interface InvalidCase {
  readonly name: string;
  readonly patch: JsonObject;
  readonly errors: readonly (readonly [pointer: string, rule: string])[];
}

const opcCases: readonly InvalidCase[] = [
  { name: 'no connection', patch: { connections: null }, errors: [['/connections', 'required']] },
  {
    name: 'a publishing interval below 50 ms',
    patch: fast({ publishingIntervalMs: 10 }),
    errors: [[`${FAST}/publishingIntervalMs`, 'minimum']],
  },
  {
    name: 'a password in the clear',
    patch: press({ identity: { password: 'x', passwordRef: null } }),
    errors: [
      ['/connections/press/identity/passwordRef', 'required'],
      ['/connections/press/identity/password', 'additionalProperties'],
    ],
  },
  {
    name: 'a namespace index',
    patch: fast({ tags: { force: 'ns=2;s=Press1.Force' } }),
    errors: [[`${FAST}/tags/force`, 'pattern']],
  },
  {
    name: 'a user name over security mode None',
    patch: press({ securityMode: 'None', securityPolicy: 'None' }),
    errors: [['/connections/press/identity/type', 'const']],
  },
  {
    name: 'security mode None with a policy',
    patch: press({ securityMode: 'None', identity: null }),
    errors: [['/connections/press/securityPolicy', 'const']],
  },
  {
    name: 'policy None with a security mode',
    patch: press({ securityPolicy: 'None' }),
    errors: [['/connections/press/securityPolicy', 'not']],
  },
  {
    name: 'a percent deadband above 100',
    patch: fast({ deadband: { type: 'percent', value: 150 } }),
    errors: [[`${FAST}/deadband/value`, 'maximum']],
  },
  {
    name: 'a deadband of type none with a width',
    patch: fast({ deadband: { type: 'none' } }),
    errors: [[`${FAST}/deadband/value`, 'false schema']],
  },
  {
    name: 'a secret reference that is a path',
    patch: press({ identity: { passwordRef: '../etc/passwd' } }),
    errors: [['/connections/press/identity/passwordRef', 'pattern']],
  },
  {
    name: 'a connection name that cannot be a topic level',
    patch: { connections: { 'a/b': example('opc-core-client.1').connections } } as JsonObject,
    errors: [
      ['/connections/a~1b', 'propertyNames'],
      ['/connections/a~1b/endpoint', 'required'],
      ['/connections/a~1b/groups', 'required'],
      ['/connections/a~1b/press', 'additionalProperties'],
    ],
  },
  {
    name: 'a tag that is a number',
    patch: fast({ tags: { force: 5 } }),
    errors: [[`${FAST}/tags/force`, 'type']],
  },
  {
    name: 'an endpoint with a user in it',
    patch: press({ endpoint: 'opc.tcp://edge:secret@plc:4840' }),
    errors: [['/connections/press/endpoint', 'pattern']],
  },
  {
    name: 'diagnostics every 5 seconds',
    patch: { diagnosticsSeconds: 5 },
    errors: [['/diagnosticsSeconds', 'anyOf']],
  },
];

const towerCases: readonly InvalidCase[] = [
  {
    name: 'no lamp',
    patch: { lamps: { fault: null, attention: null, running: null } },
    errors: [['/lamps', 'minProperties']],
  },
  {
    name: 'an unknown colour',
    patch: { lamps: { fault: { colour: 'pink' } } },
    errors: [['/lamps/fault/colour', 'enum']],
  },
  {
    name: 'a blink period of a steady lamp',
    patch: { lamps: { running: { blinkMs: 500 } } },
    errors: [['/lamps/running/blinkMs', 'false schema']],
  },
  { name: 'a volume in words', patch: { buzzer: { volume: 'loud' } }, errors: [['/buzzer/volume', 'type']] },
  {
    name: 'a fractional interval',
    patch: { publishIntervalSeconds: 1.5 },
    errors: [['/publishIntervalSeconds', 'type']],
  },
];

const boardCases: readonly InvalidCase[] = [
  {
    name: 'a telemetry interval above 60 s',
    patch: { telemetry_interval_s: 61 },
    errors: [['/telemetry_interval_s', 'maximum']],
  },
  {
    name: 'a telemetry interval of 0',
    patch: { telemetry_interval_s: 0 },
    errors: [['/telemetry_interval_s', 'minimum']],
  },
  {
    name: 'a heartbeat that would be missed for 90 s',
    patch: { heartbeat_interval_s: 90 },
    errors: [['/heartbeat_interval_s', 'maximum']],
  },
  { name: 'a filter of 16 samples', patch: { filter_window: 16 }, errors: [['/filter_window', 'maximum']] },
  { name: 'an unknown log level', patch: { log_level: 'trace' }, errors: [['/log_level', 'enum']] },
  {
    name: 'a broker without its port',
    patch: { broker: { port: null } },
    errors: [['/broker/port', 'required']],
  },
  {
    name: 'a broker name with an empty label, which the board would refuse',
    patch: { broker: { host: 'a..b' } },
    errors: [['/broker/host', 'pattern']],
  },
  { name: 'an unknown setting', patch: { interval: 5 }, errors: [['/interval', 'additionalProperties']] },
];

for (const [type, cases] of [
  ['opc-core-client', opcCases],
  ['signal-tower', towerCases],
  ['esp32-sensor', boardCases],
] as const) {
  describe(`${type}/1`, () => {
    it('accepts its example', () => {
      registry.validate(`${type}/1`, example(`${type}.1`)).should.eql([]);
    });

    for (const { name, patch, errors } of cases) {
      it(`refuses ${name}`, () => {
        const found = registry.validate(`${type}/1`, mergePatch(example(`${type}.1`), patch));
        found
          .map(({ pointer, rule }) => [pointer, rule])
          .sort()
          .should.eql([...errors].sort());
      });
    }
  });
}

describe('sentences of field errors', () => {
  const messageOf = (patch: JsonObject) =>
    registry.validate('opc-core-client/1', mergePatch(example('opc-core-client.1'), patch))[0]?.message;

  it('say why a namespace index is refused', () => {
    should(messageOf(fast({ tags: { force: 'ns=2;s=x' } }))).match(
      /namespace index \(ns=2\) is refused, because/,
    );
  });

  it('join alternatives that speak of one place', () => {
    should(messageOf({ diagnosticsSeconds: 5 })).equal('must be 0, or must be at least 10');
  });

  it('name what is known beside an unknown name', () => {
    should(messageOf({ apply: { onTagErrors: 'fail' } })).equal(
      'is not known here; known are onTagError, retryBadTagsSeconds',
    );
  });

  it('never repeat the value, which may be a secret in the wrong place', () => {
    should(messageOf(press({ identity: { passwordRef: 'Hunter2!' } }))).not.containEql('Hunter2');
  });

  it('stop at the first hundred errors and count the rest', () => {
    const tags = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`t${index}`, 'ns=1;i=1']));
    const errors = registry.validate(
      'opc-core-client/1',
      mergePatch(example('opc-core-client.1'), fast({ tags })),
    );
    errors.length.should.equal(101);
    should(errors.at(-1)).eql({ pointer: '', rule: 'more', message: 'has 150 more errors' });
  });
});

describe('SchemaRegistry', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-schemas-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const write = (file: string, schema: unknown) =>
    writeFileSync(join(directory, file), JSON.stringify(schema));
  const load = () => SchemaRegistry.load([SHIPPED_CLIENT_SCHEMAS, directory]);

  it('lists the shipped types', () => {
    registry.names().should.eql(['esp32-sensor/1', 'opc-core-client/1', 'signal-tower/1']);
  });

  it('takes a type of the owner from a file, and finds its latest major', () => {
    write('signal-tower.10.json', { type: 'object' });
    write('signal-tower.9.json', { type: 'object' });
    write('constructor.1.json', { required: ['a'] });
    const own = load();
    own
      .names()
      .should.eql([
        'constructor/1',
        'esp32-sensor/1',
        'opc-core-client/1',
        'signal-tower/1',
        'signal-tower/9',
        'signal-tower/10',
      ]);
    should(own.latestFor('signal-tower')).equal('signal-tower/10');
    should(own.latestFor('constructor')).equal('constructor/1');
    should(own.latestFor('toString')).be.undefined();
    own.has('signal-tower/2').should.be.false();
    own
      .validate('constructor/1', {})
      .should.eql([{ pointer: '/a', rule: 'required', message: 'is required' }]);
  });

  it('lets schemas of one directory refer to each other', () => {
    write('mixer.1.json', { properties: { key: { $ref: 'urn:test:key#/$defs/key' } } });
    write('key.1.json', { $id: 'urn:test:key', $defs: { key: { type: 'string', minLength: 1 } } });
    load()
      .validate('mixer/1', { key: '' })
      .should.match([{ pointer: '/key', rule: 'minLength' }]);
  });

  const broken: [string, string, unknown, string][] = [
    ['a schema with a misspelt rule', 'mixer.1.json', { minimun: 1 }, 'SCHEMA_INVALID'],
    ['a reference to nowhere', 'mixer.1.json', { $ref: 'urn:nowhere' }, 'SCHEMA_INVALID'],
    ['a schema that is not an object', 'mixer.1.json', [], 'SCHEMA_INVALID'],
    [
      'an unknown draft',
      'mixer.1.json',
      { $schema: 'http://json-schema.org/draft-04/schema#' },
      'SCHEMA_DRAFT',
    ],
    ['a file name without a major', 'mixer.json', {}, 'SCHEMA_FILE_NAME'],
    ['a type that exists', 'signal-tower.1.json', {}, 'SCHEMA_DUPLICATE'],
  ];
  for (const [name, file, schema, code] of broken) {
    it(`refuses ${name} when it loads (${code})`, () => {
      write(file, schema);
      load.should.throw({ code });
    });
  }

  it('names the unknown schema and the known ones', () => {
    (() => registry.validate('nothing/1', {})).should.throw({ code: 'SCHEMA_UNKNOWN' });
  });

  it('keeps registries with equal $ids apart', () => {
    load();
    load().validate('signal-tower/1', example('signal-tower.1')).should.eql([]);
  });
});
