import should from 'should';
import { Sequence } from '../../../lib/telemetry/sequence';

const LAST = 0xffff_ffff;

describe('the numbers of one topic', () => {
  let lost: number;
  let now: number;
  let sequence: Sequence;

  const begin = (boot: number, seq: number) => {
    lost = 0;
    now = 0;
    sequence = new Sequence(boot, seq);
  };
  const arrive = (seq: number, boot = 7, again = false) =>
    sequence.arrive({ boot, seq, again }, now, (count) => {
      lost += count;
    });
  /** What is lost when everything has had its time. */
  const settled = () => {
    lost += sequence.settle(now);
    return lost;
  };
  beforeEach(() => begin(7, 10));

  it('finds nothing wrong with numbers that follow each other', () => {
    for (let seq = 11; seq < 200; seq += 1) should(arrive(seq)).equal('new');
    should(settled()).equal(0);
    sequence.waits.should.be.false();
  });

  it('counts what is missing when it can no longer come', () => {
    arrive(14);
    should(lost).equal(0);
    sequence.waits.should.be.true();
    should(settled()).equal(3);
  });

  it('gives a missing number time', () => {
    now = 1_000;
    arrive(12);
    should(sequence.settle(999)).equal(0);
    should(sequence.settle(1_000)).equal(1);
    should(sequence.settle(1_000)).equal(0);
  });

  it('takes numbers in another order', () => {
    for (const seq of [13, 11, 12, 14]) should(arrive(seq)).equal('new');
    should(settled()).equal(0);
  });

  it('knows what has come before, also behind newer ones', () => {
    for (const seq of [11, 12, 13]) arrive(seq);
    for (const seq of [13, 11, 10]) should(arrive(seq)).equal('duplicate');
  });

  it('knows what a restarted broker sends again without a word, many behind', () => {
    for (let seq = 11; seq < 500; seq += 1) arrive(seq);
    for (let seq = 10; seq < 500; seq += 1) should(arrive(seq)).equal('duplicate');
    should(arrive(500)).equal('new');
    should(settled()).equal(0);
  });

  it('calls late what was counted as lost, once, and doubles of it duplicates', () => {
    arrive(12);
    should(settled()).equal(1);
    should(arrive(11)).equal('late');
    should(arrive(11)).equal('duplicate');
  });

  it('counts what leaves the window as lost', () => {
    arrive(12);
    for (let seq = 13; seq < 523; seq += 1) arrive(seq);
    should(lost).equal(0);
    arrive(523);
    should(lost).equal(1);
    should(arrive(11)).equal('late');
  });

  it('takes what is far behind for a duplicate when the broker sends it again, as it keeps the order', () => {
    for (let seq = 11; seq < 2_000; seq += 1) arrive(seq);
    should(arrive(12, 7, true)).equal('duplicate');
    should(arrive(12)).equal('late');
    arrive(2_001);
    should(arrive(2_000, 7, true)).equal('new');
  });

  it('counts a gap wider than the window wholly', () => {
    arrive(12);
    arrive(5_012);
    should(settled()).equal(1 + 4_999);
    should(arrive(5_011)).equal('late');
  });

  for (const ahead of [511, 512, 513]) {
    it(`counts a gap at the edge of the window, ${ahead} ahead`, () => {
      arrive(11);
      arrive(11 + ahead);
      should(settled()).equal(ahead - 1);
    });
  }

  it('does not judge what came before the first message', () => {
    should(arrive(9)).equal('late');
    should(settled()).equal(0);
  });

  it('begins at 1 in the next boot, and counts what is missing before its first', () => {
    should(arrive(1, 8)).equal('new');
    should(settled()).equal(0);
    should(arrive(4, 9)).equal('new');
    should(settled()).equal(3);
  });

  it('settles what was missing when the board boots', () => {
    arrive(12);
    arrive(1, 8);
    should(lost).equal(1);
  });

  it('calls a straggler of an earlier boot late, and goes on', () => {
    arrive(1, 8);
    should(arrive(11, 7)).equal('late');
    should(arrive(2, 8)).equal('new');
    should(settled()).equal(0);
  });

  it('follows a board whose boot_id began anew', () => {
    begin(900, 5);
    should([1, 2, 3, 4].map((seq) => arrive(seq, 1))).eql(['late', 'late', 'new', 'new']);
    should(settled()).equal(0);
    should(arrive(4, 1)).equal('duplicate');
  });

  it('goes on at 1 after the last number of 32 bits', () => {
    begin(7, LAST - 1);
    for (const seq of [LAST, 1, 2]) should(arrive(seq)).equal('new');
    should(arrive(LAST)).equal('duplicate');
    arrive(4);
    should(settled()).equal(1);
  });

  it('goes on at boot 0 after the last boot of 32 bits', () => {
    begin(LAST, 5);
    should(arrive(1, 0)).equal('new');
    should(settled()).equal(0);
  });

  it('agrees with a plain count, whatever the order and loss', () => {
    let random = 42;
    const next = () => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
      return random / 2_147_483_648;
    };
    begin(7, 0);
    const kept = Array.from({ length: 5_000 }, (_, n) => n + 1).filter(() => next() > 0.2);
    // Each is displaced by a few places at most.
    const order = kept.map((seq) => ({ seq, at: seq + next() * 10 })).sort((a, b) => a.at - b.at);
    const fates = order.map(({ seq }) => arrive(seq));
    should(fates.filter((fate) => fate !== 'new')).be.empty();
    should(settled()).equal((kept.at(-1) ?? 0) - kept.length);
  });
});
