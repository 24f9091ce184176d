import should from 'should';
import { Backlog, type Entry, MAX_ENTRIES } from '../../../lib/simulator/sensors/backlog';
import { ManualClock } from '../../support/clock';
import { settled } from '../../support/edge';

describe('the backlog of a simulated board (FR-1.6)', () => {
  let clock: ManualClock;
  let backlog: Backlog;
  let sent: Entry[];
  /** Answers to what was sent, in order; true: the broker has taken it. */
  let answers: ((taken: boolean) => void)[];

  beforeEach(() => {
    clock = new ManualClock();
    sent = [];
    answers = [];
    backlog = new Backlog((entry) => {
      sent.push(entry);
      return new Promise((resolve) => answers.push(resolve));
    }, clock);
  });

  const add = (from: number, to: number) => {
    for (let seq = from; seq <= to; seq++) backlog.add({ seq, payload: `payload ${seq}` });
  };
  const answerAll = async (taken: boolean) => {
    for (const answer of answers.splice(0)) answer(taken);
    await settled();
  };
  const seqs = () => sent.map(({ seq }) => seq);

  it('keeps while there is no connection, and sends in order when there is one', async () => {
    add(1, 3);
    seqs().should.eql([]);
    backlog.open();
    seqs().should.eql([1, 2, 3]);
    await answerAll(true);
    backlog.size.should.equal(0);
  });

  it('keeps at most 1,000, gives the oldest up first, and counts them', () => {
    add(1, MAX_ENTRIES + 5);
    backlog.size.should.equal(MAX_ENTRIES);
    backlog.dropped.should.equal(5);
    backlog.open();
    should(seqs()[0]).equal(6);
  });

  it('sends again what was not acknowledged, the same as before and before what is newer', async () => {
    backlog.open();
    add(1, 3);
    backlog.pause();
    await answerAll(false);
    add(4, 4);
    const first = [...sent];
    sent.length = 0;
    backlog.open();
    seqs().should.eql([1, 2, 3, 4]);
    sent.slice(0, 3).should.eql(first);
  });

  it('has at most 16 unacknowledged, far below 100 (FR-2.6)', async () => {
    add(1, 100);
    backlog.open();
    clock.advance(10_000);
    sent.length.should.equal(16);
    await answerAll(true);
    sent.length.should.equal(32);
  });

  it('tells when everything is acknowledged', async () => {
    let empty = false;
    add(1, 2);
    void backlog.empty().then(() => {
      empty = true;
    });
    backlog.open();
    answers.shift()?.(true);
    await settled();
    empty.should.be.false();
    await answerAll(true);
    empty.should.be.true();
  });

  it('never comes near the 100 messages a second that the broker allows (SEC-5)', async () => {
    add(1, MAX_ENTRIES);
    backlog.open();
    for (let quarter = 0; quarter < 8; quarter++) {
      await answerAll(true);
      sent.length.should.equal(16 * (quarter + 1));
      clock.advance(250);
    }
  });
});
