import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../../lib/json/json';
import { SHIPPED_SCHEMAS } from '../../lib/schemas/shipped';
import { SENSOR_TYPES } from '../../lib/topics/sensors';

export const FILTER = 'openegiz/+/+/+/+/telemetry';

/** How Node-RED takes the telemetry in. */
export type Way = 'core' | 'core, small schema' | 'core, no schema' | 'ours, one by one' | 'ours, batches';

/** The client id of each way's session. */
export function clientIdOf(way: Way): string {
  return way.startsWith('core') ? 'bench-core' : 'bench-stream-telemetry';
}

/** Where the broker's TLS listener is. */
export interface BrokerPlace {
  readonly port: number;
  readonly caFile: string;
}

const TAB = { id: 'tab', type: 'tab', label: 'bench' };
const COUNT = { id: 'count', z: 'tab', type: 'function', outputs: 1, wires: [[]] };

/** The nodes of a way; each ends in one that counts. */
export function flowOf(way: Way, place: BrokerPlace): object[] {
  const tls = { id: 'tls', type: 'tls-config', ca: place.caFile, verifyservercert: true };
  return [TAB, tls, ...(way.startsWith('core') ? core(way, place) : ours(way, place))];
}

function core(way: Way, { port }: BrokerPlace): object[] {
  const withSchema = way !== 'core, no schema';
  const broker = {
    id: 'mqtt',
    type: 'mqtt-broker',
    broker: 'localhost',
    port: String(port),
    tls: 'tls',
    usetls: true,
    clientid: clientIdOf(way),
    autoConnect: true,
    protocolVersion: '5',
    keepalive: '60',
    cleansession: false,
    sessionExpiry: '3600',
  };
  const source = { id: 'in', z: 'tab', type: 'mqtt in', topic: FILTER, qos: '1', datatype: 'utf8' };
  const schema = { ...COUNT, id: 'set', func: "msg.schema = global.get('schema'); return msg;" };
  const json = { id: 'parse', z: 'tab', type: 'json', property: 'payload', action: 'obj' };
  return [
    broker,
    {
      ...source,
      broker: 'mqtt',
      nl: false,
      rap: true,
      rh: '0',
      inputs: 0,
      wires: [[withSchema ? 'set' : 'parse']],
    },
    ...(withSchema ? [{ ...schema, wires: [['parse']] }] : []),
    { ...json, wires: [['count']] },
    { ...COUNT, func: "global.get('counted')(1);" },
  ];
}

function ours(way: Way, { port }: BrokerPlace): object[] {
  const batches = way === 'ours, batches';
  const broker = { id: 'mqtt', type: 'egiz-broker', url: `mqtts://localhost:${port}`, tls: 'tls' };
  const node = { id: 'telemetry', z: 'tab', type: 'egiz-telemetry-in', broker: 'mqtt', topic: FILTER };
  return [
    { ...broker, role: 'service', account: 'bench', sessionExpirySeconds: 3_600 },
    {
      ...node,
      output: batches ? 'batch' : 'single',
      batchSize: 500,
      batchMs: 100,
      policy: 'refuse',
      queueLimit: 5_000,
      wires: [['count'], ['refused'], ['figures']],
    },
    { ...COUNT, func: batches ? "global.get('counted')(msg.count);" : "global.get('counted')(1);" },
    { ...COUNT, id: 'refused', func: "node.error('invalid: ' + JSON.stringify(msg));" },
    { ...COUNT, id: 'figures', func: "global.get('figures')(msg.payload);" },
  ];
}

/** What the `json` node is given: our own schemas in one, or the least that tells a reading from something else. */
export function schemaOf(way: Way): JsonObject {
  if (way === 'core, small schema') {
    const required = ['device_id', 'thing_id', 'timestamp', 'sensor_type', 'measurements'];
    const text = { type: 'string', maxLength: 80 };
    const properties = { device_id: text, thing_id: text, timestamp: text, measurements: { type: 'object' } };
    return { type: 'object', required, properties };
  }
  return SENSOR_TYPES.reduceRight<JsonObject>(
    (rest, type) => {
      const named = { properties: { sensor_type: { const: type } } };
      return Object.fromEntries([
        ['if', named],
        ['then', inlined(`telemetry/${type}`)],
        ['else', rest],
      ]);
    },
    { not: {} },
  );
}

/** A schema of ours in draft-07 and in one piece, without formats, as the core node can compile it. */
function inlined(name: string): JsonObject {
  const common = readSchema('common').$defs as JsonObject;
  const rewrite = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (!isJsonObject(value)) return value;
    const target = typeof value.$ref === 'string' ? common[value.$ref.split('/').at(-1) ?? ''] : {};
    const { $ref, $id, $schema, $comment, description, format, title, dependentRequired, ...rest } = {
      ...(target as JsonObject),
      ...value,
    };
    const all = dependentRequired === undefined ? rest : { ...rest, dependencies: dependentRequired };
    return Object.fromEntries(Object.entries(all).map(([key, one]) => [key, rewrite(one)]));
  };
  return rewrite(readSchema(name)) as JsonObject;
}

function readSchema(name: string): JsonObject {
  return JSON.parse(readFileSync(join(SHIPPED_SCHEMAS, `${name}.json`), 'utf8')) as JsonObject;
}
