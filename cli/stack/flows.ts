import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/files/atomic';
import { isJsonObject, type JsonObject } from '../../lib/json/json';

/** `kept`: the user has edited the flows; what is shipped now is not what they began with. */
export type FlowsOutcome = 'written' | 'unchanged' | 'kept';

const ORDER = ['service.json', 'dashboard.json', 'telemetry.json', 'ota-server.json', 'edge-client.json'];

/**
 * Puts the shipped flows into the user directory at the first start. Later starts bring newer shipped flows
 * only to a file nobody has edited since.
 */
export function installFlows(shippedDirectory: string, userDirectory: string): FlowsOutcome {
  const shipped = `${JSON.stringify(mergeFlows(readShipped(shippedDirectory)), null, 2)}\n`;
  const flowFile = join(userDirectory, 'flows.json');
  const markFile = join(userDirectory, '.shipped-flows');
  const mark = existsSync(markFile) ? readFileSync(markFile, 'utf8').trim() : undefined;
  if (existsSync(flowFile)) {
    if (mark === hash(shipped)) return 'unchanged';
    if (mark !== hash(readFileSync(flowFile, 'utf8'))) return 'kept';
  }
  writeFileAtomic(flowFile, shipped, 0o600);
  writeFileAtomic(markFile, `${hash(shipped)}\n`);
  return 'written';
}

function readShipped(directory: string): JsonObject[][] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return files
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as JsonObject[]);
}

/** One flow file of several. A configuration node that two of them bring along, by its id, is there once. */
export function mergeFlows(files: readonly (readonly JsonObject[])[]): JsonObject[] {
  const byId = new Map<string, JsonObject>();
  for (const node of files.flat()) {
    const id = String(node.id);
    const present = byId.get(id);
    byId.set(id, present === undefined ? node : mergeModules(present, node));
  }
  return [...byId.values()];
}

/** The `global-config` node lists the modules a file needs: together they need all of them. */
function mergeModules(present: JsonObject, other: JsonObject): JsonObject {
  if (present.type !== 'global-config' || !isJsonObject(other.modules)) return present;
  return {
    ...present,
    modules: { ...(isJsonObject(present.modules) ? present.modules : {}), ...other.modules },
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
