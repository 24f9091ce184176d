import { BoundedMap } from '../cache/bounded-map';
import type { FieldError } from '../errors/egiz-error';
import { isJsonObject } from '../json/json';
import type { StreamedMessage } from '../mqtt/publish-tap';
import { PayloadValidator } from '../schemas/payload-validator';
import type { Clock } from '../time/clock';
import { canonicalSensorType, SENSOR_TYPES, type SensorRef, tryParseSensorTopic } from '../topics/sensors';
import type { Deliverable } from './hand-over';
import { Sequence } from './sequence';
import { type CountedType, TelemetryCounter } from './statistics';
import { type Policy, WaitingQueue } from './waiting-queue';

/** A message on its way to the flow. */
export interface TelemetryEntry extends Deliverable {
  readonly topic: string;
  readonly type: CountedType;
  /** Whether the broker keeps it until it is acknowledged. */
  readonly kept: boolean;
  /** Where it comes from; undefined when the topic is no sensor's. */
  readonly sensor: SensorRef | undefined;
  /** The document; what could not be read as one is there as it came. */
  readonly payload: unknown;
  /** Why it is not valid; empty when it is. */
  readonly errors: readonly FieldError[];
  /** The payload's timestamp in milliseconds since the Unix epoch; of a valid message. */
  readonly timestamp: number;
}

export interface IntakeOptions {
  readonly policy: Policy;
  /** Most messages that wait for the flow. */
  readonly limit: number;
  /** False: others get a part of each sensor's messages, so that a gap in the numbers says nothing. */
  readonly gaps: boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

/** So many topics are known at a time; of one that has been silent for long nothing is said when it speaks again. */
const MAX_TOPICS = 200_000;
/** How long a missing message may still come: a broker sends again what it has no answer for. */
const GAP_GRACE_MS = 5_000;

interface Topic {
  readonly type: CountedType;
  readonly sensor: SensorRef | undefined;
  sequence: Sequence | undefined;
}

/** Reads, checks, numbers and counts what comes, and puts it into the queue for the flow. */
export class Intake {
  readonly queue: WaitingQueue<TelemetryEntry>;
  readonly counter: TelemetryCounter;
  readonly #options: IntakeOptions;
  readonly #validator: PayloadValidator;
  readonly #topics = new BoundedMap<string, Topic>(MAX_TOPICS);
  /** Topics with a number missing that may still come. */
  readonly #waiting = new Set<Topic>();

  constructor(options: IntakeOptions) {
    const { clock, policy, limit, random } = options;
    this.#options = options;
    this.counter = new TelemetryCounter(clock.now());
    this.#validator = new PayloadValidator(
      { choice: { kind: 'automatic' }, schemas: [], unmatched: 'invalid' },
      () => clock.now(),
    );
    this.queue = new WaitingQueue({ policy, limit, random, onShed: (entry) => this.#shed(entry) });
  }

  /** Topics that are known: devices, since each has one. */
  get devices(): number {
    return this.#topics.size;
  }

  take(message: StreamedMessage): void {
    const { topic, payload } = message;
    const { value, errors } = this.#validator.validate(topic, payload);
    const known = this.#topicOf(topic);
    this.counter.count('received', known.type);
    const document = errors.length === 0 && isJsonObject(value) ? value : undefined;
    if (this.#isDuplicate(known, value, message.duplicate)) {
      this.counter.count('duplicates', known.type);
      message.acknowledge();
      return;
    }
    this.queue.add({
      // A good reading never makes room for a bad one.
      key: document === undefined ? `!${topic}` : topic,
      kept: message.qos > 0,
      arrivedAt: this.#options.clock.now(),
      topic,
      type: known.type,
      sensor: known.sensor,
      payload: Buffer.isBuffer(value) ? Buffer.from(value) : value,
      errors,
      timestamp: document === undefined ? Number.NaN : Date.parse(String(document.timestamp)),
      acknowledge: message.acknowledge,
    });
  }

  /** To be called each second: what has been missing for long enough is lost. */
  settle(): void {
    const before = this.#options.clock.now() - GAP_GRACE_MS;
    for (const topic of this.#waiting) {
      const lost = topic.sequence?.settle(before) ?? 0;
      if (lost > 0) this.counter.count('lost', topic.type, lost);
      if (topic.sequence?.waits !== true) this.#waiting.delete(topic);
    }
  }

  #topicOf(name: string): Topic {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const parsed = tryParseSensorTopic(name);
    const sensor = parsed?.kind === 'telemetry' ? refOf(parsed) : undefined;
    const type = SENSOR_TYPES.find((one) => one === sensor?.sensorType) ?? 'other';
    const topic: Topic = { type, sensor, sequence: undefined };
    // Only topics of ours are remembered: what else a filter lets through may have no end.
    if (sensor !== undefined) this.#topics.set(name, topic);
    return topic;
  }

  /** What is invalid for another reason has its number, too, and is not lost. */
  #isDuplicate(topic: Topic, value: unknown, again: boolean): boolean {
    const metadata = isJsonObject(value) ? value.metadata : undefined;
    if (topic.sensor === undefined || !isJsonObject(metadata)) return false;
    const { boot_id: boot, seq } = metadata;
    if (!isNumbering(boot, 0) || !isNumbering(seq, 1)) return false;
    if (topic.sequence === undefined) {
      topic.sequence = new Sequence(boot, seq);
      return false;
    }
    const { gaps, clock } = this.#options;
    const arrival = topic.sequence.arrive({ boot, seq, again }, clock.now(), (count) => {
      if (gaps) this.counter.count('lost', topic.type, count);
    });
    if (arrival === 'late') this.counter.count('late', topic.type);
    if (gaps && topic.sequence.waits) this.#waiting.add(topic);
    return arrival === 'duplicate';
  }

  #shed(entry: TelemetryEntry): void {
    this.counter.count('shed', entry.type);
    entry.acknowledge();
  }
}

function isNumbering(value: unknown, least: 0 | 1): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= 0xffff_ffff;
}

function refOf({ factoryId, equipmentType, equipmentId, sensorType }: SensorRef): SensorRef {
  return { factoryId, equipmentType, equipmentId, sensorType: canonicalSensorType(sensorType) };
}
