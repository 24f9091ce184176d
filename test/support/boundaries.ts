import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../../lib/json/json';
import { builtInSchemas } from '../../lib/schemas/built-in';
import { ROOT } from './node-red';

export interface Message {
  readonly topic: string;
  readonly payload: string;
}

const OVEN = 'openegiz/factory-a/oven/oven-001';

/** Valid messages with everything in them that a schema names. */
const WHOLE: readonly (readonly [string, JsonObject])[] = [
  [`${OVEN}/electrical/telemetry`, telemetry('electrical', { energy: { total: 1.5, unit: 'kWh' } })],
  [`${OVEN}/thermal/telemetry`, telemetry('thermal', {})],
  ['openegiz/factory-a/zone/zone-a/environmental/telemetry', telemetry('environmental', {})],
  [`${OVEN}/electrical/status`, status()],
  [`${OVEN}/command`, { command: 'identify', id: 'c-1', device_id: '*', seconds: 30 }],
  [`${OVEN}/command`, { command: 'reboot', id: 'c-1', device_id: 'd', delay_seconds: 0 }],
  [`${OVEN}/command`, { command: 'factory_reset', id: 'c-1', device_id: 'd', token: 'eight-of' }],
  [`${OVEN}/command`, { command: 'log_level', id: 'c-1', device_id: '*', level: 'info', seconds: 0 }],
  [`${OVEN}/command`, config()],
  [`${OVEN}/command`, ota()],
];

/**
 * Each valid message, and each with one thing changed: a member left out, one too many, a value of another type, and
 * every limit that stands in the schemas, met and missed.
 */
export function messagesAtTheLimits(): Message[] {
  const numbers = [...NUMBERS, ...limits().flatMap(around)];
  return WHOLE.flatMap(([topic, whole]) => [
    { topic, payload: JSON.stringify(whole) },
    ...changed(whole, numbers).map((value) => ({ topic, payload: JSON.stringify(value) })),
  ]);
}

/** Of the wrong type nearly everywhere. */
const ODD: readonly JsonValue[] = [null, true, '', '*', 0, 1.0, 0.5, [], {}, [1], { a: 1 }];
const NUMBERS: readonly number[] = [1e3, 1e300, -1e300];
const OBJECTS: readonly JsonObject[] = [
  ...[
    { 'voltage.b': 'fault' },
    { 'voltage..b': 'fault' },
    { 'a.b.c.d.e': 'fault' },
    { A: 'fault' },
    { a: 'odd' },
  ],
];
const TEXTS: readonly string[] = [
  ...[
    'x',
    '-a',
    'a b',
    'ä',
    ...[64, 65, 128, 129].flatMap((length) => ['a'.repeat(length), 'ü'.repeat(length)]),
  ],
  ...[
    'a:b',
    'factory:oven-001',
    'a.b:oven-001',
    ':oven-001',
    'a:',
    'a:b:oven-001',
    `${'a'.repeat(65)}:oven-001`,
  ],
  ...['2026-02-28T10:30:00Z', '2026-02-29T10:30:00Z', '2024-02-29T10:30:00Z', '2026-04-31T10:30:00Z'],
  ...['2026-01-29T23:59:59Z', '2026-01-29T24:00:00Z', '2026-01-29T10:60:00Z', '2026-01-29T10:30:60Z'],
  ...['2026-01-29T10:30:00.1Z', '2026-01-29T10:30:00.123456789Z', '2026-01-29T10:30:00.Z'],
  ...[
    '2026-01-29T10:30:00.1234567890Z',
    '2026-01-29 10:30:00Z',
    '2026-1-29T10:30:00Z',
    '2026-00-29T10:30:00Z',
  ],
  ...['2026-01-00T10:30:00Z', '2019-12-31T23:59:59Z', '2020-01-01T00:00:00Z', '2099-12-31T23:59:59Z'],
  ...['2026-01-29T10:30:00+00:00', '2026-01-29t10:30:00z', '20x6-01-29T10:30:00Z'],
  ...[
    'A',
    'APPLIED_2',
    'A-B',
    'a/1',
    'a/0',
    'a/01',
    'a/12345',
    '1.2.3',
    '1.2',
    '01.2.3',
    '1.2.3-a.1',
    '1.2.3-01',
  ],
  ...[
    '1.2.3-0a',
    '1.2.3+01',
    '1.2.3-a+b.c',
    '1.2.3-',
    '1.2.3+',
    '1.2.3--',
    '1.2.3-a..b',
    '/a/b',
    '/~0~1',
    '/~2',
    '~',
  ],
  ...[
    '~~01',
    'ab'.repeat(32),
    'AB'.repeat(32),
    `${'A'.repeat(64)}==`,
    `${'A'.repeat(64)}===`,
    `${'A'.repeat(63)}=`,
  ],
  ...['online', 'offline', 'electrical', 'thermal', 'identify', 'fault', 'broken', 'V', 'C', 'kW'],
];

/** Every number that stands in the schemas as a limit. */
function limits(): number[] {
  const found = new Set<number>();
  const collect = (value: JsonValue) => {
    if (typeof value === 'number') found.add(value);
    else if (value !== null && typeof value === 'object') Object.values(value).forEach(collect);
  };
  for (const { schema } of builtInSchemas([
    'telemetry/electrical',
    'telemetry/thermal',
    'telemetry/environmental',
  ])) {
    collect(schema);
  }
  for (const { schema } of builtInSchemas(['status', 'command'])) collect(schema);
  return [...found].filter((limit) => Math.abs(limit) < Number.MAX_SAFE_INTEGER);
}

function around(limit: number): number[] {
  return [limit, limit - 1, limit + 1, limit - 0.001, limit + 0.001];
}

/** The value with one thing changed, in every way, at every place. */
function changed(value: JsonValue, numbers: readonly number[]): JsonValue[] {
  if (typeof value === 'number') return [...ODD, ...numbers, 'x'];
  if (typeof value === 'string') return [...ODD, ...TEXTS];
  if (value === null || typeof value === 'boolean') return [...ODD];
  if (Array.isArray(value)) {
    const items = value.flatMap((item, at) => changed(item, numbers).map((other) => value.with(at, other)));
    return [...ODD, ...items, [...value, ...value], Array.from({ length: 102 }, () => value[0] ?? 0)];
  }
  const members = Object.entries(value).flatMap(([name, member]) => [
    ...changed(member, numbers).map((other) => ({ ...value, [name]: other })),
    Object.fromEntries(Object.entries(value).filter(([other]) => other !== name)),
  ]);
  const many = Object.fromEntries(Array.from({ length: 49 }, (_, n) => [`m${n}`, n]));
  const more = [{ unknown: 1 }, { text: 'a' }, { flag: true }, { none: null }, { list: [] }, many];
  return [...ODD, ...OBJECTS, ...members, ...more.map((extra) => ({ ...value, ...extra }))];
}

function telemetry(kind: string, measurements: JsonObject): JsonObject {
  const sample: unknown = JSON.parse(readFileSync(join(ROOT, `test/fixtures/prd/${kind}.json`), 'utf8'));
  if (!isJsonObject(sample) || !isJsonObject(sample.measurements))
    throw new Error(`no measurements in ${kind}`);
  return {
    ...sample,
    measurements: { ...sample.measurements, ...measurements },
    metadata: { firmware_version: '1.2.3', rssi: -65, uptime_seconds: 86_400, boot_id: 1, seq: 1 },
  };
}

function status(): JsonObject {
  return {
    device_id: 'd',
    thing_id: 'factory:oven-001',
    status: 'online',
    timestamp: '2026-01-29T10:30:00Z',
    diagnostics: {
      free_heap: 1,
      wifi_reconnects: 0,
      mqtt_reconnects: 0,
      uptime_seconds: 1,
      firmware_version: '1',
    },
    configuration: { revision: 1, reported_hash: 'ab'.repeat(32) },
    command: {
      id: 'c-1',
      state: 'running',
      code: 'DOWNLOADING',
      message: 'm',
      progress: 5,
      reported_hash: null,
      errors: [{ pointer: '/a', rule: 'maximum', message: 'm' }],
    },
    metadata: { boot_id: 1, seq: 1 },
  };
}

function config(): JsonObject {
  return {
    ...{
      command: 'config',
      id: 'c-1',
      device_id: 'd',
      revision: 1,
      version: '1.0.0',
      schema: 'esp32-sensor/1',
    },
    ...{ settings: {}, hash: 'ab'.repeat(32) },
    ...{ issued_at: '2026-01-29T10:30:00Z', expires_at: '2026-01-29T10:30:00Z' },
  };
}

function ota(): JsonObject {
  return {
    ...{ command: 'ota', id: 'c-1', device_id: '*', manifest: '{}', key_id: 'k' },
    signature: `${'A'.repeat(64)}==`,
  };
}
