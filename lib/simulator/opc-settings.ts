import type { FieldError } from '../errors/egiz-error';
import { escapePointer, isJsonObject, type JsonObject, type JsonValue } from '../json/json';

/** One tag of a configuration, with its defaults in place. */
export interface OpcTag {
  readonly name: string;
  readonly nodeId: string;
  readonly enabled: boolean;
  readonly unit: string | undefined;
  /** JSON Pointer of the tag in the settings. */
  readonly pointer: string;
}

export interface OpcGroup {
  readonly connection: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly publishingIntervalMs: number;
  readonly tags: readonly OpcTag[];
}

/** Settings of `opc-core-client/1`, as far as a simulated machine obeys them. */
export interface OpcSettings {
  readonly groups: readonly OpcGroup[];
  readonly onTagError: 'report' | 'fail';
  /** Values in one message. */
  readonly maxValues: number;
  /** Names in the edge's secret store, with their pointers. */
  readonly secrets: readonly { readonly pointer: string; readonly name: string }[];
}

/** Reads settings that have been checked against the schema. */
export function readOpcSettings(settings: JsonObject): OpcSettings {
  const { telemetry, apply } = settings;
  const connections = entries(settings.connections);
  return {
    groups: connections.flatMap(([name, connection]) => groupsOf(name, connection)),
    secrets: connections.flatMap(([name, connection]) => secretsOf(name, connection)),
    onTagError: isJsonObject(apply) && apply.onTagError === 'fail' ? 'fail' : 'report',
    maxValues: numberOr(isJsonObject(telemetry) ? telemetry.maxValues : undefined, 200),
  };
}

function groupsOf(connection: string, { groups }: JsonObject): OpcGroup[] {
  return entries(groups).map(([name, group]) => ({
    connection,
    name,
    enabled: group.enabled !== false,
    publishingIntervalMs: numberOr(group.publishingIntervalMs, 1000),
    tags: Object.entries(isJsonObject(group.tags) ? group.tags : {}).map(([tag, value]) =>
      tagOf(tag, value, pointer('connections', connection, 'groups', name, 'tags', tag)),
    ),
  }));
}

function tagOf(name: string, value: JsonValue, place: string): OpcTag {
  if (!isJsonObject(value)) {
    return { name, nodeId: String(value), enabled: true, unit: undefined, pointer: place };
  }
  const { nodeId, enabled, unit } = value;
  return {
    name,
    nodeId: String(nodeId),
    enabled: enabled !== false,
    unit: typeof unit === 'string' ? unit : undefined,
    pointer: place,
  };
}

function secretsOf(connection: string, { identity }: JsonObject): OpcSettings['secrets'] {
  if (!isJsonObject(identity)) return [];
  return ['passwordRef', 'certificateRef'].flatMap((member) => {
    const name = identity[member];
    return typeof name === 'string'
      ? [{ name, pointer: pointer('connections', connection, 'identity', member) }]
      : [];
  });
}

/** A simulated machine knows every node but those whose identifier begins with `Missing`. */
export function isKnownNode(nodeId: string): boolean {
  const identifier = nodeId.replace(/^nsu=[^;]+;/, '').replace(/^[isgb]=/, '');
  return !identifier.startsWith('Missing');
}

export function unknownNode({ pointer: place, nodeId }: OpcTag): FieldError {
  return {
    pointer: place,
    rule: 'BadNodeIdUnknown',
    message: `names ${nodeId}, which the server does not have`,
  };
}

/** The secret store of a simulated edge holds everything but what lies below `missing/`. */
export function isKnownSecret(name: string): boolean {
  return !name.startsWith('missing/');
}

function entries(value: JsonValue | undefined): [string, JsonObject][] {
  return Object.entries(isJsonObject(value) ? value : {}).filter((entry): entry is [string, JsonObject] =>
    isJsonObject(entry[1]),
  );
}

function numberOr(value: JsonValue | undefined, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

function pointer(...segments: string[]): string {
  return segments.map((segment) => `/${escapePointer(segment)}`).join('');
}
