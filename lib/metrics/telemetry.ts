import { LATENCY_BOUNDS } from '../telemetry/latency';
import { COUNTED_TYPES, type Statistics } from '../telemetry/statistics';
import { Counter, Histogram, type Registry } from './registry';

/** The metrics of the telemetry that this process takes in; of several nodes the sum. */
export class TelemetryMetrics {
  readonly #messages: Counter<'result' | 'sensor_type'>;
  readonly #lost: Counter<'sensor_type'>;
  readonly #duplicates: Counter;
  readonly #latency: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#messages = new Counter({
      name: 'egiz_telemetry_messages_total',
      help: 'Telemetry messages by what became of them: handed to the flow as valid or invalid, or shed',
      labelNames: ['result', 'sensor_type'],
      registers,
    });
    this.#lost = new Counter({
      name: 'egiz_telemetry_lost_total',
      help: 'Sequence numbers of boards that never came',
      labelNames: ['sensor_type'],
      registers,
    });
    this.#duplicates = new Counter({
      name: 'egiz_telemetry_duplicates_total',
      help: 'Telemetry messages that had come before, by their sequence number',
      registers,
    });
    this.#latency = new Histogram({
      name: 'egiz_telemetry_latency_seconds',
      help: "From a message's timestamp to its hand-over to the flow",
      buckets: [...LATENCY_BOUNDS],
      registers,
    });
  }

  /** Adds the figures of one interval, zeros too: a counter that begins with its first event hides it from `increase`. */
  add({ bySensorType, duplicates }: Pick<Statistics, 'bySensorType' | 'duplicates'>): void {
    for (const sensor_type of COUNTED_TYPES) {
      const counts = bySensorType[sensor_type];
      for (const result of ['valid', 'invalid', 'shed'] as const)
        this.#messages.inc({ result, sensor_type }, counts[result]);
      this.#lost.inc({ sensor_type }, counts.lost);
    }
    this.#duplicates.inc(duplicates);
  }

  /** @param ms negative when the board's clock is ahead */
  latency(ms: number): void {
    this.#latency.observe(Math.max(0, ms) / 1000);
  }
}
