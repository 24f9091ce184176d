import type { Apply } from '../edge/configuration';
import type { PublishProperties, PublishRequest, PublishResult } from '../mqtt/link';
import type { Clock } from '../time/clock';
import type { ClientRef } from '../topics/clients';

/** What stands behind a simulated client: it takes configurations and shows on MQTT what they changed. */
export interface Machine {
  readonly apply: Apply;
  /** The connection is there, or is back: what one should see now is told. */
  connected(): void;
  stop(): void;
}

export interface MachineContext {
  readonly ref: ClientRef;
  readonly clock: Clock;
  readonly bootId: string;
  /** Publishes if there is a connection; a simulated machine does not keep what it could not send. */
  readonly publish: (request: PublishRequest) => Promise<PublishResult>;
}

export type MachineType = (context: MachineContext) => Machine;

const MAX_UNDER_WAY = 50;

/** Publishes JSON on telemetry and meta topics, with one sequence a topic (from 1 in each boot). */
export class Outlet {
  readonly #context: MachineContext;
  readonly #sequences = new Map<string, number>();
  /** Messages under way. */
  #underWay = 0;

  constructor(context: MachineContext) {
    this.#context = context;
  }

  telemetry(topic: string, type: string, revision: number, body: Record<string, unknown>): void {
    // A slow broker gets fewer messages, not a queue.
    if (this.#underWay >= MAX_UNDER_WAY) return;
    this.#underWay += 1;
    const seq = (this.#sequences.get(topic) ?? 0) + 1;
    this.#sequences.set(topic, seq);
    const { ref, bootId, clock } = this.#context;
    const at = new Date(clock.now()).toISOString();
    const userProperties = { schema: schemaOf(type), revision: String(revision) };
    const properties = { messageExpiryInterval: 3600, userProperties };
    const message = { type, ...ref, bootId, seq, revision, at, ...body };
    void this.#publish(topic, message, false, properties).finally(() => {
      this.#underWay -= 1;
    });
  }

  /** Retained; undefined removes what is retained there. */
  meta(topic: string, body: Record<string, unknown> | undefined): void {
    void this.#publish(topic, body, true, {});
  }

  async #publish(
    topic: string,
    body: Record<string, unknown> | undefined,
    retain: boolean,
    properties: PublishProperties,
  ): Promise<void> {
    const payload = body === undefined ? '' : JSON.stringify(body);
    const json = { contentType: 'application/json', payloadFormatIndicator: true };
    // Telemetry that cannot be sent now is old when it could be.
    await this.#context
      .publish({ topic, payload, qos: 1, retain, properties: { ...json, ...properties } })
      .catch(() => undefined);
  }
}

/** `OpcTelemetry` is `opc-telemetry/1`. */
function schemaOf(type: string): string {
  return `${type.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}/1`;
}

/** Does `work` every `ms` until the returned function is called. */
export function every(clock: Clock, ms: number, work: () => void): () => void {
  let cancel = clock.after(ms, tick);
  function tick() {
    cancel = clock.after(ms, tick);
    work();
  }
  return () => cancel();
}
