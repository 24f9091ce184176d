import should from 'should';
import { BootNumbers, type Run, TopicNumbers } from '../../../lib/archive/sequences';

/** Message `n` is measured at second `n`, unless said otherwise. */
function run(from: number, to: number, boot = 1, fromTime = from, toTime = to): Run {
  return { boot, from, to, fromTime: fromTime * 1000, toTime: toTime * 1000 };
}

function added(...runs: readonly Run[]) {
  const numbers = new BootNumbers();
  return { numbers, fresh: runs.map((one) => numbers.add(one)) };
}

describe('sequence numbers of one boot', () => {
  it('are one run when they follow each other, in whatever order they come', () => {
    for (const order of [
      [run(1, 3), run(4, 6), run(7, 9)],
      [run(7, 9), run(1, 3), run(4, 6)],
      [run(4, 6), run(7, 9), run(1, 3)],
    ]) {
      const { numbers, fresh } = added(...order);
      should(numbers.runs).eql([run(1, 9)]);
      should(fresh).eql([3, 3, 3]);
    }
  });

  it('have a gap where a number is not there, with the times of its neighbours', () => {
    const { numbers } = added(run(1, 3), run(5, 5), run(9, 12));
    should(numbers.gaps()).eql([run(4, 4, 1, 3, 5), run(6, 8, 1, 5, 9)]);
  });

  it('count what was there already only once', () => {
    const { numbers, fresh } = added(run(1, 10), run(3, 4), run(8, 12), run(1, 12));
    should(fresh).eql([10, 0, 2, 0]);
    should(numbers.gaps()).be.empty();
  });

  it('lose a gap, or a part of it, when messages come late', () => {
    const { numbers } = added(run(1, 3), run(9, 12));
    should(numbers.add(run(5, 6))).equal(2);
    should(numbers.gaps()).eql([run(4, 4, 1, 3, 5), run(7, 8, 1, 6, 9)]);
    should(numbers.add(run(4, 8))).equal(3);
    should(numbers.gaps()).be.empty();
  });

  it('show a gap of a clock that was set back as the time between', () => {
    const { numbers } = added(run(1, 3), run(5, 9, 1, 1, 5));
    should(numbers.gaps()).eql([run(4, 4, 1, 1, 3)]);
  });

  it('say how many of a range are there', () => {
    const { numbers } = added(run(1, 3), run(7, 9));
    should(numbers.within(run(3, 7))).equal(2);
  });

  it('need one entry a gap for however many numbers, up to 32 bits of them', () => {
    const { numbers } = added(run(1, 4_294_967_290), run(4_294_967_292, 4_294_967_295));
    should(numbers.runs).have.length(2);
    should(numbers.gaps()[0]).match({ from: 4_294_967_291, to: 4_294_967_291 });
  });
});

describe('sequence numbers of one topic, boot by boot', () => {
  function topic(...runs: readonly Run[]): TopicNumbers {
    const numbers = new TopicNumbers();
    for (const one of runs) numbers.add(one);
    return numbers;
  }

  it('start anew with a boot, and nothing is missing by that', () => {
    should(topic(run(1, 5, 7), run(1, 3, 8, 11, 13)).gaps()).be.empty();
  });

  it('miss the beginning of a boot that the one before lets us expect', () => {
    should(topic(run(1, 5, 7), run(3, 4, 8, 11, 12)).gaps()).eql([run(1, 2, 8, 5, 11)]);
  });

  it('miss it also when its first number follows the last one of the boot before', () => {
    should(topic(run(1, 5, 7), run(6, 9, 8)).gaps()).eql([run(1, 5, 8, 5, 6)]);
  });

  it('leave open how the first known boot began: it may have been before', () => {
    should(topic(run(512, 600)).gaps()).be.empty();
  });

  it('leave open what a boot sent after its last stored message', () => {
    should(topic(run(1, 5, 7), run(1, 3, 9, 11, 13)).reboots()).eql([
      { fromBoot: 7, lastSeq: 5, lastTime: 5_000, toBoot: 9, firstTime: 11_000 },
    ]);
  });

  it('forget gaps and boots that were over before a time, and no later ones', () => {
    const numbers = topic(run(1, 2, 7), run(4, 5, 7), run(2, 3, 8, 11, 12), run(5, 9, 8, 14, 18));
    numbers.forget(13_000);
    should(numbers.gaps()).eql([run(4, 4, 8, 12, 14)]);
    should(numbers.reboots()).be.empty();
    numbers.forget(100_000);
    should(numbers.gaps()).be.empty();
    should(numbers.lastTime).equal(18_000);
  });
});
