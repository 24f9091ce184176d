import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import 'should';
import type { JsonObject, JsonValue } from '../../../lib/json/json';
import { mergePatch } from '../../../lib/json/merge';
import { compileBuiltIn } from '../../../lib/schemas/built-in';
import { SHIPPED_SCHEMAS } from '../../../lib/schemas/shipped';

const schemas = compileBuiltIn();
const fixtures = join(SHIPPED_SCHEMAS, '..', 'test', 'fixtures', 'prd');
const sample = (name: string) =>
  JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8')) as JsonObject;
const hash = 'a'.repeat(64);

type Finding = readonly [pointer: string, rule: string];
type InvalidCase = readonly [name: string, patch: JsonObject, ...errors: Finding[]];

function describeSchema(schema: string, valid: JsonObject, cases: readonly InvalidCase[]): void {
  describe(`${schema}: invalid payloads`, () => {
    for (const [name, patch, ...errors] of cases) {
      it(`refuses ${name}`, () => {
        const found = schemas.check(schema, mergePatch(valid, patch));
        found
          .map(({ pointer, rule }) => [pointer, rule])
          .sort()
          .should.eql([...errors].sort());
      });
    }
  });
}

const measured = (patch: JsonObject): JsonObject => ({ measurements: patch });

describe("the PRD's samples validate as they stand", () => {
  for (const name of ['electrical', 'thermal', 'environmental', 'status']) {
    it(name, () => {
      schemas.check(name === 'status' ? name : `telemetry/${name}`, sample(name)).should.eql([]);
    });
  }
});

describe('telemetry, what is allowed', () => {
  const allowed: readonly (readonly [string, string, JsonObject])[] = [
    ['energy in kWh', 'electrical', measured({ energy: { total: 1204.07, unit: 'kWh' } })],
    ['boot_id and seq', 'electrical', { metadata: { boot_id: 4294967295, seq: 1 } }],
    ['power flowing back', 'electrical', measured({ active_power: { total: -3 }, power_factor: -0.98 })],
    ['a further metadata field', 'electrical', { metadata: { ip: '10.0.0.7' } }],
    [
      'a missing phase that quality names',
      'electrical',
      { measurements: { voltage: { b: null } }, quality: { 'voltage.b': 'comm_error' } },
    ],
    [
      'a reading without any good value',
      'environmental',
      {
        measurements: { ambient_temperature: null, humidity: null, pressure: null, co2: null },
        quality: { co2: 'absent' },
      },
    ],
    ['zones without setpoint and heating', 'thermal', measured({ setpoint: null, heating_active: null })],
  ];
  for (const [name, kind, patch] of allowed) {
    it(`${kind}: ${name}`, () => {
      schemas.check(`telemetry/${kind}`, mergePatch(sample(kind), patch)).should.eql([]);
    });
  }
});

const common = (kind: string): readonly InvalidCase[] => [
  ['a missing device', { device_id: null }, ['/device_id', 'required']],
  ['a device id with a slash', { device_id: 'a/b' }, ['/device_id', 'pattern']],
  ['an empty device id', { device_id: '' }, ['/device_id', 'pattern']],
  ['a thing without a namespace', { thing_id: 'oven-001' }, ['/thing_id', 'pattern']],
  ['a local time', { timestamp: '2026-01-29T10:30:00+05:00' }, ['/timestamp', 'pattern']],
  ['a time before 2020', { timestamp: '1970-01-01T00:00:00Z' }, ['/timestamp', 'pattern']],
  ['a day that does not exist', { timestamp: '2026-02-30T10:00:00Z' }, ['/timestamp', 'format']],
  ['a time as a number', { timestamp: 1769682600 }, ['/timestamp', 'type']],
  ['the sensor type of another schema', { sensor_type: 'ambient' }, ['/sensor_type', 'const']],
  ['no measurements', { measurements: null }, ['/measurements', 'required']],
  ['an unknown member', { extra: 1 }, ['/extra', 'additionalProperties']],
  ['an unknown measurement', measured({ power: 1 }), ['/measurements/power', 'additionalProperties']],
  ['seq without boot_id', { metadata: { seq: 1 } }, ['/metadata/boot_id', 'dependentRequired']],
  ['seq 0', { metadata: { seq: 0, boot_id: 1 } }, ['/metadata/seq', 'minimum']],
  ['a boot_id of 33 bits', { metadata: { boot_id: 4294967296 } }, ['/metadata/boot_id', 'maximum']],
  ['an impossible signal strength', { metadata: { rssi: -200 } }, ['/metadata/rssi', 'minimum']],
  ['nested metadata', { metadata: { nested: { a: 1 } } }, ['/metadata/nested', 'type']],
  ['an unknown quality code', { quality: { [kind]: 'bad' } }, [`/quality/${kind}`, 'enum']],
];

describeSchema('telemetry/electrical', sample('electrical'), [
  ...common('electrical'),
  [
    'a missing phase without quality',
    measured({ voltage: { b: null } }),
    ['/measurements/voltage/b', 'required'],
  ],
  ['a voltage in kV', measured({ voltage: { unit: 'kV' } }), ['/measurements/voltage/unit', 'const']],
  [
    'a voltage without a unit',
    measured({ voltage: { unit: null } }),
    ['/measurements/voltage/unit', 'required'],
  ],
  ['a voltage as text', measured({ voltage: { a: '220' } }), ['/measurements/voltage/a', 'type']],
  ['1001 V', measured({ voltage: { a: 1001 } }), ['/measurements/voltage/a', 'maximum']],
  ['a power factor of 1.2', measured({ power_factor: 1.2 }), ['/measurements/power_factor', 'maximum']],
  ['power in W', measured({ active_power: { unit: 'W' } }), ['/measurements/active_power/unit', 'const']],
  [
    'energy running backwards',
    measured({ energy: { total: -1, unit: 'kWh' } }),
    ['/measurements/energy/total', 'minimum'],
  ],
  ['no frequency', measured({ frequency: null }), ['/measurements/frequency', 'required']],
]);

describeSchema('telemetry/thermal', sample('thermal'), [
  ...common('thermal'),
  [
    'degrees Fahrenheit',
    measured({ temperature_zones: [{ zone: 1, value: 365, unit: 'F' }] }),
    ['/measurements/temperature_zones/0/unit', 'const'],
  ],
  ['no zone', measured({ temperature_zones: [] }), ['/measurements/temperature_zones', 'minItems']],
  [
    'zone 0',
    measured({ temperature_zones: [{ zone: 0, value: 1, unit: 'C' }] }),
    ['/measurements/temperature_zones/0/zone', 'minimum'],
  ],
  ['below absolute zero', measured({ setpoint: -300 }), ['/measurements/setpoint', 'minimum']],
  ['a heating state as a number', measured({ heating_active: 1 }), ['/measurements/heating_active', 'type']],
]);

describeSchema('telemetry/environmental', sample('environmental'), [
  ...common('environmental'),
  ['101 % humidity', measured({ humidity: { value: 101 } }), ['/measurements/humidity/value', 'maximum']],
  ['pressure in Pa', measured({ pressure: { value: 101325 } }), ['/measurements/pressure/value', 'maximum']],
  ['humidity in %', measured({ humidity: { unit: '%' } }), ['/measurements/humidity/unit', 'const']],
  ['no CO2', measured({ co2: null }), ['/measurements/co2', 'required']],
]);

const result: JsonObject = {
  id: 'c1',
  state: 'applied',
  code: 'APPLIED',
  message: '',
  errors: [],
  reported_hash: hash,
};
describeSchema('status', { ...sample('status'), command: result }, [
  ['an unknown status', { status: 'asleep' }, ['/status', 'enum']],
  ['no time', { timestamp: null }, ['/timestamp', 'required']],
  ['a state the engine does not know', { command: { state: 'done' } }, ['/command/state', 'enum']],
  ['a code in lower case', { command: { code: 'ok' } }, ['/command/code', 'pattern']],
  ['a hash that is none', { command: { reported_hash: 'abc' } }, ['/command/reported_hash', 'pattern']],
  [
    'an error without a pointer',
    { command: { errors: [{ rule: 'x', message: 'y' }] } },
    ['/command/errors/0/pointer', 'required'],
  ],
  ['negative free heap', { diagnostics: { free_heap: -1 } }, ['/diagnostics/free_heap', 'minimum']],
]);

describe('status, what is allowed', () => {
  it('a command object, with no hash yet', () => {
    schemas
      .check('status', { ...sample('status'), command: { ...result, reported_hash: null } })
      .should.eql([]);
  });
});

const configuration: JsonObject = {
  command: 'config',
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  device_id: 'esp32-oven001-elec',
  revision: 3,
  version: '1.4.0',
  schema: 'board/1',
  settings: { interval_seconds: 5 },
  hash,
  issued_at: '2026-01-29T10:30:00Z',
  expires_at: '2026-01-30T10:30:00Z',
};
const update: JsonObject = {
  command: 'ota',
  id: 'o1',
  device_id: '*',
  manifest: '{"product":"egiz-board"}',
  signature: `${'A'.repeat(95)}=`,
  key_id: 'current',
};

describe('command, what is allowed', () => {
  const allowed: readonly JsonObject[] = [
    configuration,
    update,
    { command: 'identify', id: 'i1', device_id: '*', seconds: 10 },
    { command: 'reboot', id: 'r1', device_id: 'esp32-1' },
    { command: 'factory_reset', id: 'f1', device_id: 'esp32-1' },
    { command: 'factory_reset', id: 'f2', device_id: 'esp32-1', token: '12345678' },
    { command: 'log_level', id: 'l1', device_id: 'esp32-1', level: 'debug', seconds: 600 },
  ];
  for (const command of allowed) {
    it(`${command.command}${command.token === undefined ? '' : ' with a token'}`, () => {
      schemas.check('command', command).should.eql([]);
    });
  }
});

describeSchema('command', configuration, [
  ['an unknown command', { command: 'dance' }, ['/command', 'enum']],
  ['no id', { id: null }, ['/id', 'required']],
  ['no device', { device_id: null }, ['/device_id', 'required']],
  ['a configuration for every board', { device_id: '*' }, ['/device_id', 'not']],
  ['revision 0', { revision: 0 }, ['/revision', 'minimum']],
  ['a member of another command', { level: 'debug' }, ['/level', 'additionalProperties']],
]);
describeSchema('command', update, [
  ['an unsigned update', { signature: null }, ['/signature', 'required']],
  ['a manifest that is an object', { manifest: { product: 'x' } as JsonValue }, ['/manifest', 'type']],
]);
describeSchema('command', { command: 'log_level', id: 'l', device_id: 'd', level: 'info' }, [
  ['a log level that does not exist', { level: 'loud' }, ['/level', 'enum']],
]);
describeSchema('command', { command: 'factory_reset', id: 'f', device_id: 'd' }, [
  ['a factory reset of every board', { device_id: '*' }, ['/device_id', 'not']],
]);
