import { SENSOR_TYPES, type SensorType } from '../topics/sensors';
import { Latencies, type LatencyFigures } from './latency';

/** A sensor type as a figure's name: few, whatever comes on the wire. */
export type CountedType = SensorType | 'other';
export const COUNTED_TYPES: readonly CountedType[] = [...SENSOR_TYPES, 'other'];

/**
 * What becomes of a message: exactly one of these. `duplicates` are known by their number and handed over once;
 * `valid` and `invalid` have been handed to the flow.
 */
export const FATES = ['valid', 'invalid', 'shed', 'duplicates'] as const;
export type Fate = (typeof FATES)[number];

/** `late`: came after newer ones of its topic. `lost`: numbers that never came. */
export type Counts = Record<Fate | 'received' | 'lost' | 'late', number>;

export interface Statistics extends Counts {
  /** RFC 3339. */
  readonly at: string;
  /** Length of the interval. */
  readonly seconds: number;
  readonly perSecond: { readonly received: number; readonly handedOver: number };
  readonly bySensorType: Readonly<Record<CountedType, Counts>>;
  /** From a message's timestamp to its hand-over; null when none was handed over. */
  readonly latencyMs: LatencyFigures | null;
  readonly total: Counts;
}

/** Counts what happens, by sensor type, and tells it interval by interval. */
export class TelemetryCounter {
  readonly #latencies = new Latencies();
  #interval = byType();
  readonly #total = noCounts();
  #since: number;

  /** @param now milliseconds since the Unix epoch */
  constructor(now: number) {
    this.#since = now;
  }

  count(what: keyof Counts, type: CountedType, by = 1): void {
    this.#interval[type][what] += by;
  }

  latency(ms: number): void {
    this.#latencies.add(ms);
  }

  /** The figures since the last call. */
  take(now: number): Statistics {
    const seconds = Math.max(1, now - this.#since) / 1000;
    const bySensorType = this.#interval;
    const sums = noCounts();
    for (const counts of Object.values(bySensorType)) add(sums, counts);
    add(this.#total, sums);
    this.#interval = byType();
    this.#since = now;
    const rate = (count: number) => Math.round((count / seconds) * 10) / 10;
    return {
      at: new Date(now).toISOString(),
      seconds,
      ...sums,
      perSecond: { received: rate(sums.received), handedOver: rate(sums.valid + sums.invalid) },
      bySensorType,
      latencyMs: this.#latencies.take() ?? null,
      total: { ...this.#total },
    };
  }
}

function noCounts(): Counts {
  return { received: 0, valid: 0, invalid: 0, shed: 0, duplicates: 0, lost: 0, late: 0 };
}

function byType(): Record<CountedType, Counts> {
  return { electrical: noCounts(), thermal: noCounts(), environmental: noCounts(), other: noCounts() };
}

function add(to: Counts, counts: Counts): void {
  for (const what of Object.keys(counts) as (keyof Counts)[]) to[what] += counts[what];
}
