import { refusedRuns } from './dead-letters';
import type { Influx } from './influx';
import { TELEMETRY_MEASUREMENTS } from './layout';
import { BootNumbers, type Gap, lengthOf, type Reboot, TopicNumbers } from './sequences';
import { anyOf, type Extent, type Topic, topicKey } from './series';
import { narrowed, newestRuns, type StoredRun, storedRuns } from './stored-runs';

export type AuditScope = Pick<Extent, 'org' | 'devices'>;

export interface FoundGap extends Gap {
  readonly topic: Topic;
  /** Pending while a message may still be on its way, missing after that, refused when all are dead letters. */
  readonly state: 'missing' | 'pending' | 'refused';
  /** How many of its messages are in the dead letters: archived, but refused as telemetry. */
  readonly refused: number;
  /** How many are nowhere. */
  readonly count: number;
}

export interface FoundReboot extends Reboot {
  readonly topic: Topic;
}

/** What the numbers say; times in ms since 1970. */
export interface Findings {
  /** What the boards are known to have sent: stored, missing, pending and refused. */
  readonly expected: number;
  readonly stored: number;
  readonly missing: number;
  readonly pending: number;
  readonly refused: number;
  /** Numbers that are stored more than once, with different times. */
  readonly duplicates: number;
  readonly gaps: readonly FoundGap[];
  /** What a board sent after the last stored message of a boot, its numbers cannot tell. */
  readonly reboots: readonly FoundReboot[];
  /** Boards with messages in this time, by id. */
  readonly counted: ReadonlySet<string>;
  /** Boards that send no numbers: nothing can be proven of them. */
  readonly unnumbered: readonly string[];
}

/** How far back the message before the time looked at is searched: as long as the broker keeps a session. */
const LOOK_BACK_MS = 24 * 3_600_000;
/** Read at once. */
const SLICE_MS = 600_000;
/** Slices with gaps that are read again in one go. */
const SLICES_AGAIN = 6;

interface Counted {
  readonly topic: Topic;
  readonly numbers: TopicNumbers;
  /** By boot. */
  readonly refused: Map<number, BootNumbers>;
}

interface Slice {
  readonly start: number;
  readonly stop: number;
  stored: number;
  duplicates: number;
  /** Which reading of the audit was its last. */
  reading: number;
}

/**
 * Collects the stored sequence numbers slice by slice and says what is missing between them. What it keeps grows
 * with boards, boots and gaps, not with messages.
 */
export class ArchiveAudit {
  readonly #influx: Influx;
  readonly #scope: AuditScope;
  readonly #topics = new Map<string, Counted>();
  #slices: Slice[] = [];
  #readings = 0;

  constructor(influx: Influx, scope: AuditScope) {
    this.#influx = influx;
    this.#scope = scope;
  }

  /** Notes the newest message of each board before `time`, so that a gap across that moment is seen. */
  async lookBack(time: number): Promise<void> {
    const before = { ...this.#scope, start: time - LOOK_BACK_MS, stop: time };
    for (const stored of await newestRuns(this.#influx, before)) this.#add(stored);
  }

  /** Reads on, from `start` up to and without `stop`. */
  async read(start: number, stop: number): Promise<void> {
    for (let from = start; from < stop; from += SLICE_MS) {
      const to = Math.min(from + SLICE_MS, stop);
      const slice: Slice = { start: from, stop: to, stored: 0, duplicates: 0, reading: 0 };
      for (const stored of await storedRuns(this.#influx, { ...this.#scope, start: from, stop: to })) {
        const fresh = this.#add(stored);
        slice.stored += fresh;
        slice.duplicates += lengthOf(stored.run) - fresh;
      }
      slice.reading = this.#readings += 1;
      this.#slices.push(slice);
    }
  }

  /** Reads some of the slices that have gaps once more: messages may have come late. The next call takes others. */
  async readGapsAgain(): Promise<void> {
    const gaps = this.#gaps(Number.POSITIVE_INFINITY);
    const within = ({ start, stop }: Slice) =>
      gaps.filter(({ fromTime, toTime }) => fromTime < stop && toTime >= start);
    const slices = this.#slices.filter((slice) => within(slice).length > 0);
    for (const slice of slices.sort((a, b) => a.reading - b.reading).slice(0, SLICES_AGAIN)) {
      const boards = within(slice).map(({ topic }) => topic.deviceId);
      const scope = narrowed(this.#scope, boards);
      const { start, stop } = slice;
      for (const stored of await storedRuns(this.#influx, { ...scope, start, stop })) {
        slice.stored += this.#add(stored);
      }
      slice.reading = this.#readings += 1;
    }
  }

  /** Notes which messages were refused in this time; of boards that have nothing stored none. */
  async readRefused(start: number, stop: number): Promise<void> {
    for await (const { topic, run } of refusedRuns(this.#influx, { ...this.#scope, start, stop })) {
      const refused = this.#topics.get(topicKey(topic))?.refused;
      const numbers = refused?.get(run.boot) ?? new BootNumbers();
      numbers.add(run);
      refused?.set(run.boot, numbers);
    }
  }

  /** Forgets what was over before `time`. */
  forget(time: number): void {
    this.#slices = this.#slices.filter(({ stop }) => stop > time);
    for (const [key, { numbers }] of this.#topics) {
      numbers.forget(time);
      if (numbers.lastTime < time - LOOK_BACK_MS) this.#topics.delete(key);
    }
  }

  /** @param settled gaps that were over before this time are missing, later ones may still be filled */
  async findings(settled: number): Promise<Findings> {
    const gaps = this.#gaps(settled);
    const sum = (state: FoundGap['state']) =>
      gaps.reduce((total, gap) => total + (gap.state === state ? gap.count : 0), 0);
    const refused = gaps.reduce((total, gap) => total + gap.refused, 0);
    const stored = this.#slices.reduce((total, slice) => total + slice.stored, 0);
    const [missing, pending] = [sum('missing'), sum('pending')];
    const topics = [...this.#topics.values()];
    const start = this.#slices[0]?.start ?? 0;
    const ofThisTime = topics.filter(({ numbers }) => numbers.lastTime >= start);
    const numbered = new Set(topics.map(({ topic }) => topic.deviceId));
    return {
      expected: stored + missing + pending + refused,
      stored,
      missing,
      pending,
      refused,
      duplicates: this.#slices.reduce((total, slice) => total + slice.duplicates, 0),
      gaps,
      reboots: topics.flatMap(({ topic, numbers }) =>
        numbers.reboots().map((reboot) => ({ topic, ...reboot })),
      ),
      counted: new Set(ofThisTime.map(({ topic }) => topic.deviceId)),
      unnumbered: (await this.#heard()).filter((device) => !numbered.has(device)),
    };
  }

  #add({ topic, run }: StoredRun): number {
    const key = topicKey(topic);
    const counted = this.#topics.get(key) ?? { topic, numbers: new TopicNumbers(), refused: new Map() };
    this.#topics.set(key, counted);
    return counted.numbers.add(run);
  }

  #gaps(settled: number): FoundGap[] {
    return [...this.#topics.values()].flatMap(({ topic, numbers, refused }) =>
      numbers.gaps().map((gap) => {
        const known = refused.get(gap.boot)?.within(gap) ?? 0;
        const count = lengthOf(gap) - known;
        const state = count === 0 ? 'refused' : gap.toTime < settled ? 'missing' : 'pending';
        return { topic, ...gap, state, refused: known, count };
      }),
    );
  }

  /**
   * Ids of the boards that have any telemetry in the days of the slices, with numbers or without: InfluxDB knows its
   * series by the day.
   */
  async #heard(): Promise<string[]> {
    const [first, last] = [this.#slices[0], this.#slices.at(-1)];
    if (first === undefined || last === undefined) return [];
    const { org, devices } = this.#scope;
    const flux = `import "influxdata/influxdb/schema"
schema.tagValues(
  bucket: "raw",
  tag: "device_id",
  predicate: (r) => ${anyOf('_measurement', TELEMETRY_MEASUREMENTS)},
  start: ${new Date(first.start).toISOString()},
  stop: ${new Date(last.stop).toISOString()},
)`;
    const heard: string[] = [];
    for await (const row of this.#influx.query(org, flux)) heard.push(row.get('_value'));
    return heard.filter((device) => devices === undefined || devices.includes(device));
  }
}
