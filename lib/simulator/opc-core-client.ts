import { APPLIED, type Apply, type ApplyOutcome } from '../edge/configuration';
import { type ClientRef, clientMetaTopic, clientTelemetryTopic } from '../topics/clients';
import { every, type Machine, type MachineContext, Outlet } from './machine';
import {
  isKnownNode,
  isKnownSecret,
  type OpcGroup,
  type OpcSettings,
  type OpcTag,
  readOpcSettings,
  unknownNode,
} from './opc-settings';

/**
 * An OPC Core Client whose machine is made up: each group publishes its values at its interval, and the findings
 * of a real one (unknown nodes, a missing secret) follow from the names in the settings.
 */
export function opcCoreClient(context: MachineContext): Machine {
  const press = new SimulatedPress(context);
  const apply: Apply = async ({ settings, revision }) => {
    const wanted = readOpcSettings(settings);
    const outcome = judge(wanted);
    if (outcome.state === 'applied') press.change(wanted, revision);
    return outcome;
  };
  return { apply, connected: () => press.tellMeta(), stop: () => press.stop() };
}

/** The findings of the table in the edge client's description, in its order. */
function judge({ secrets, groups, onTagError }: OpcSettings): ApplyOutcome {
  const missing = secrets.filter(({ name }) => !isKnownSecret(name));
  if (missing.length > 0) {
    const errors = missing.map(({ pointer, name }) => ({
      pointer,
      rule: 'secretMissing',
      message: `names the secret ${name}, which this client does not have`,
    }));
    return { state: 'rejected', code: 'INVALID', message: 'A secret is missing', errors };
  }
  const unknown = groups.flatMap(({ tags }) => tags).filter(({ nodeId }) => !isKnownNode(nodeId));
  if (unknown.length === 0) return APPLIED;
  const errors = unknown.map(unknownNode);
  const empty = groups.find(({ tags }) => tags.every(({ nodeId }) => !isKnownNode(nodeId)));
  if (empty !== undefined) {
    const message = `The server knows no tag of ${empty.connection}/${empty.name}: is its namespace right?`;
    return { state: 'failed', code: 'ALL_TAGS_BAD', message, errors };
  }
  const count = `${unknown.length} of ${groups.flatMap(({ tags }) => tags).length} tags are unknown`;
  if (onTagError === 'fail') return { state: 'failed', code: 'TAG_ERRORS', message: count, errors };
  return { state: 'applied', code: 'APPLIED_WITH_ERRORS', message: count, errors };
}

class SimulatedPress {
  readonly #context: MachineContext;
  readonly #outlet: Outlet;
  #timers: (() => void)[] = [];
  #groups: readonly OpcGroup[] = [];
  #revision = 0;

  constructor(context: MachineContext) {
    this.#context = context;
    this.#outlet = new Outlet(context);
  }

  change({ groups, maxValues }: OpcSettings, revision: number): void {
    this.stop();
    const { ref, clock } = this.#context;
    const kept = new Set(groups.map((group) => metaTopic(ref, group)));
    for (const gone of this.#groups.map((group) => metaTopic(ref, group))) {
      if (!kept.has(gone)) this.#outlet.meta(gone, undefined);
    }
    this.#groups = groups;
    this.#revision = revision;
    this.tellMeta();
    for (const group of groups.filter(({ enabled }) => enabled)) {
      const tags = group.tags.filter(({ enabled, nodeId }) => enabled && isKnownNode(nodeId));
      if (tags.length === 0) continue;
      const publish = () => this.#publish(group, tags, maxValues);
      publish();
      this.#timers.push(every(clock, group.publishingIntervalMs, publish));
    }
  }

  tellMeta(): void {
    for (const group of this.#groups) {
      const tags = group.tags.map((tag) => [tag.name, metaOf(tag, group)]);
      this.#outlet.meta(metaTopic(this.#context.ref, group), {
        revision: this.#revision,
        tags: Object.fromEntries(tags) as Record<string, unknown>,
      });
    }
  }

  stop(): void {
    for (const cancel of this.#timers.splice(0)) cancel();
  }

  #publish({ connection, name }: OpcGroup, tags: readonly OpcTag[], maxValues: number): void {
    const now = this.#context.clock.now();
    const topic = clientTelemetryTopic(this.#context.ref, connection, name);
    for (let first = 0; first < tags.length; first += maxValues) {
      const values = tags.slice(first, first + maxValues).map((tag) => sampleOf(tag, now));
      this.#outlet.telemetry(topic, 'OpcTelemetry', this.#revision, { values });
    }
  }
}

function metaTopic(ref: ClientRef, { connection, name }: OpcGroup): string {
  return clientMetaTopic(ref, connection, name);
}

function metaOf({ nodeId, unit }: OpcTag, { publishingIntervalMs }: OpcGroup): Record<string, unknown> {
  const known = isKnownNode(nodeId);
  return {
    nodeId,
    dataType: known ? 'Double' : null,
    unit: unit ?? null,
    status: known ? 'Good' : 'BadNodeIdUnknown',
    revised: { publishingIntervalMs },
  };
}

/** A value that swings once a minute, each tag with a phase of its own. */
function sampleOf({ name }: OpcTag, now: number): Record<string, unknown> {
  const phase = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 628, 0) / 100;
  const value = 50 + 40 * Math.sin((now / 60_000) * 2 * Math.PI + phase);
  return { n: name, t: new Date(now).toISOString(), v: Math.round(value * 1000) / 1000 };
}
