import should from 'should';
import { runsOf, type Steps } from '../../../lib/archive/steps';
import { type Totals, wholeRun } from '../../../lib/archive/totals';

const TOPIC = { factoryId: 'f', equipmentType: 't', equipmentId: 'e', sensorType: 's', deviceId: 'd' };

/** Message `n` was measured at `n` seconds. */
function totals(first: number, last: number, more: Partial<Totals> = {}): Totals {
  const count = last - first + 1;
  return {
    topic: TOPIC,
    first: { seq: first, time: first * 1000 },
    last: { seq: last, time: last * 1000 },
    count,
    sum: ((first + last) * count) / 2,
    lowestBoot: 7,
    highestBoot: 7,
    ...more,
  };
}

/** From `before` the numbers go on with `seq`. */
function steps(...cuts: readonly (readonly [before: number, seq: number])[]): Steps {
  return {
    topic: TOPIC,
    firstBoot: 7,
    boots: new Map(),
    cuts: new Map(
      cuts.map(([before, seq]) => [`${seq}`, { time: seq * 1000, seq, before, beforeTime: before * 1000 }]),
    ),
  };
}

describe('a series of sequence numbers', () => {
  it('is one run when count, sum, first and last say so', () => {
    should(wholeRun(totals(5, 90))).eql({ boot: 7, from: 5, to: 90, fromTime: 5_000, toTime: 90_000 });
  });

  for (const [name, more] of [
    ['one is missing', { count: 85, sum: 4_000 }],
    ['one is missing and another there twice', { sum: 4_086 }],
    ['there was a reboot', { highestBoot: 8 }],
  ] as const) {
    it(`is not known to be one run when ${name}`, () => {
      should(wholeRun(totals(5, 90, more))).be.undefined();
    });
  }

  it('is cut where its numbers step', () => {
    const runs = runsOf(steps([10, 13], [20, 30]), totals(5, 90));
    should(runs.map(({ from, to }) => [from, to])).eql([
      [5, 10],
      [13, 20],
      [30, 90],
    ]);
  });

  it('leaves out what was written after its totals were read', () => {
    should(runsOf(steps([10, 13], [91, 95]), totals(5, 90)).map(({ from, to }) => [from, to])).eql([
      [5, 10],
      [13, 90],
    ]);
    const sameMillisecond = steps([90, 95]);
    for (const cut of sameMillisecond.cuts.values()) Object.assign(cut, { time: 90_000 });
    should(runsOf(sameMillisecond, totals(5, 90)).map(({ from, to }) => [from, to])).eql([[5, 90]]);
  });
});
