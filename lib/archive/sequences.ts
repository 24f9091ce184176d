/**
 * The arithmetic of sequence numbers (SPEC 4): a board counts its messages of one topic from 1 in each boot, so
 * what is between two stored numbers of one boot was sent, and a number that is not stored is lost or late.
 */

/** Numbers `from` to `to` of one boot, all stored. Times are those of the first and the last, in ms since 1970. */
export interface Run {
  readonly boot: number;
  readonly from: number;
  readonly to: number;
  readonly fromTime: number;
  readonly toTime: number;
}

/** Numbers `from` to `to` that are not stored; times are those of the stored neighbours. */
export type Gap = Run;

/** One boot after another. How many messages the first sent after its last stored one, nothing can tell. */
export interface Reboot {
  readonly fromBoot: number;
  readonly lastSeq: number;
  readonly lastTime: number;
  readonly toBoot: number;
  readonly firstTime: number;
}

/** Numbers of one boot as runs in order, with at least one number missing between any two. */
export class BootNumbers {
  readonly runs: Run[] = [];

  /** @returns how many of them were not there yet */
  add(run: Run): number {
    let end = this.runs.length;
    while (end > 0 && (this.runs[end - 1]?.from ?? 0) > run.to + 1) end -= 1;
    let begin = end;
    while (begin > 0 && (this.runs[begin - 1]?.to ?? 0) >= run.from - 1) begin -= 1;
    const touched = this.runs.slice(begin, end);
    this.runs.splice(begin, end - begin, touched.reduce(joined, run));
    return lengthOf(run) - touched.reduce((sum, other) => sum + overlap(run, other), 0);
  }

  /** How many of the numbers `from` to `to` are there. */
  within(range: Run): number {
    return this.runs.reduce((sum, run) => sum + overlap(range, run), 0);
  }

  gaps(): Gap[] {
    return this.runs.slice(1).flatMap((next, index) => {
      const before = this.runs[index];
      return before === undefined ? [] : [gapBetween(before, next)];
    });
  }
}

/** The numbers of one topic, boot by boot. */
export class TopicNumbers {
  readonly #boots = new Map<number, BootNumbers>();

  /** @returns how many of them were not there yet */
  add(run: Run): number {
    const numbers = this.#boots.get(run.boot) ?? new BootNumbers();
    this.#boots.set(run.boot, numbers);
    return numbers.add(run);
  }

  /**
   * Inside a boot, and before the first stored number of every boot but the first: that one may have begun before
   * the time looked at.
   */
  gaps(): Gap[] {
    const boots = this.#inOrder();
    return boots.flatMap(({ runs, numbers }, index) => {
      const [first] = runs;
      const before = boots[index - 1]?.runs.at(-1);
      const head =
        first === undefined || before === undefined || first.from === 1 ? [] : [headOf(first, before)];
      return [...head, ...numbers.gaps()];
    });
  }

  reboots(): Reboot[] {
    const boots = this.#inOrder();
    return boots.slice(1).flatMap(({ runs: [next] }, index) => {
      const last = boots[index]?.runs.at(-1);
      if (last === undefined || next === undefined) return [];
      return [
        {
          fromBoot: last.boot,
          lastSeq: last.to,
          lastTime: last.toTime,
          toBoot: next.boot,
          firstTime: next.fromTime,
        },
      ];
    });
  }

  /** Time of the newest message. */
  get lastTime(): number {
    return Math.max(...[...this.#boots.values()].map(({ runs }) => runs.at(-1)?.toTime ?? 0));
  }

  /** Forgets boots and gaps that were over before `time`. */
  forget(time: number): void {
    const boots = this.#inOrder();
    for (const [index, { boot }] of boots.entries()) {
      const next = boots[index + 1]?.runs[0];
      if (next !== undefined && next.fromTime < time) this.#boots.delete(boot);
    }
    for (const { runs } of this.#boots.values()) {
      const kept = runs.findLastIndex((run) => run.fromTime < time);
      if (kept > 0) runs.splice(0, kept);
    }
  }

  #inOrder() {
    return [...this.#boots]
      .map(([boot, numbers]) => ({ boot, numbers, runs: numbers.runs }))
      .sort((one, other) => (one.runs[0]?.fromTime ?? 0) - (other.runs[0]?.fromTime ?? 0));
  }
}

export function lengthOf({ from, to }: Pick<Run, 'from' | 'to'>): number {
  return to - from + 1;
}

function overlap(one: Run, other: Run): number {
  return Math.max(0, Math.min(one.to, other.to) - Math.max(one.from, other.from) + 1);
}

function joined(one: Run, other: Run): Run {
  const first = other.from < one.from ? other : one;
  const last = other.to > one.to ? other : one;
  return { ...first, to: last.to, toTime: last.toTime };
}

function gapBetween({ boot, to, toTime }: Run, { from, fromTime }: Run): Gap {
  return { boot, from: to + 1, to: from - 1, ...period(toTime, fromTime) };
}

function headOf({ boot, from, fromTime }: Run, before: Run): Gap {
  return { boot, from: 1, to: from - 1, ...period(before.toTime, fromTime) };
}

/** A clock that was set back may show the later message as the earlier one. */
function period(one: number, other: number): Pick<Gap, 'fromTime' | 'toTime'> {
  return { fromTime: Math.min(one, other), toTime: Math.max(one, other) };
}
