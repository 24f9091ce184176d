import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from '../json/json';
import { parseJson } from '../json/parse';
import { parseClientCommandTopic, parseClientStatusTopic } from '../topics/clients';
import { canonicalSensorType, SENSOR_TYPES, tryParseSensorTopic } from '../topics/sensors';
import { parseSchema } from './compiler';
import { BUILT_IN_NAMES, type BuiltInName } from './names';
import { type NamedSchema, SchemaSet } from './schema-set';
import { SHIPPED_SCHEMAS } from './shipped';

/** Reads built-in schemas, by default all, and the common forms they refer to. */
export function builtInSchemas(names: readonly BuiltInName[] = BUILT_IN_NAMES): NamedSchema[] {
  return ['common', ...names].map((name) => {
    const text = readFileSync(join(SHIPPED_SCHEMAS, `${name}.json`));
    return { name, schema: parseSchema(parseJson(text, { maxBytes: 1024 * 1024 }), name) };
  });
}

export function compileBuiltIn(): SchemaSet {
  return SchemaSet.compile(builtInSchemas(), { strict: true });
}

/**
 * The built-in schema of a payload by the topic it came on, or undefined for a topic that is none of ours.
 * On a client's status topic, which carries two kinds of message, the payload's `type` decides.
 */
export function builtInFor(topic: string, payload: unknown): BuiltInName | undefined {
  if (parseClientStatusTopic(topic) !== undefined) {
    const type = isJsonObject(payload) ? payload.type : undefined;
    return type === 'ClientConnectionChanged'
      ? 'messages/ClientConnectionChanged'
      : 'messages/ClientStatusReported';
  }
  if (parseClientCommandTopic(topic) !== undefined) return 'messages/ClientConfigurationUpdated';
  return builtInForSensor(topic);
}

function builtInForSensor(topic: string): BuiltInName | undefined {
  const parsed = tryParseSensorTopic(topic);
  if (parsed === undefined) return undefined;
  if (parsed.kind === 'command') return 'command';
  if (parsed.kind !== 'telemetry') return 'status';
  const named = canonicalSensorType(parsed.sensorType);
  const sensor = SENSOR_TYPES.find((known) => known === named);
  return sensor === undefined ? undefined : `telemetry/${sensor}`;
}
