import should from 'should';
import { CONFIRM_TIMEOUT_MS, HandOver, type HandOverOptions } from '../../../lib/telemetry/hand-over';
import { Pace } from '../../../lib/telemetry/pace';
import { WaitingQueue } from '../../../lib/telemetry/waiting-queue';
import { ManualClock } from '../../support/clock';
import { until } from '../../support/mosquitto';

interface Entry {
  readonly key: string;
  readonly n: number;
  readonly arrivedAt: number;
  acknowledge(): void;
}

describe('handing over to the flow', () => {
  let clock: ManualClock;
  let queue: WaitingQueue<Entry>;
  let given: number[][];
  let acknowledged: number[];
  let confirmable: boolean;
  let handOver: HandOver<Entry>;

  const make = (options: Partial<HandOverOptions<Entry>> = {}) => {
    clock = new ManualClock();
    given = [];
    acknowledged = [];
    confirmable = true;
    queue = new WaitingQueue<Entry>({ policy: 'refuse', limit: 10_000, random: Math.random, onShed() {} });
    const give = (entries: readonly Entry[]) => {
      given.push(entries.map(({ n }) => n));
      return confirmable;
    };
    handOver = new HandOver({ queue, give, clock, ...options });
  };
  const add = (from: number, count: number) => {
    for (let n = from; n < from + count; n += 1) {
      queue.add({ key: 'd', n, arrivedAt: clock.now(), acknowledge: () => acknowledged.push(n) });
      handOver.wake();
    }
  };
  const turns = async (count = 3) => {
    for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const range = (count: number) => Array.from({ length: count }, (_, n) => n);

  it('waits until it is started', async () => {
    make();
    add(0, 2);
    await turns();
    should(given).be.empty();
    handOver.start();
    await turns();
    should(given).eql([[0], [1]]);
  });

  it('gives one by one, in order, and acknowledges what was given', async () => {
    make();
    handOver.start();
    add(0, 500);
    await until('all is given', () => given.length === 500);
    should(given.flat()).eql(range(500));
    should(acknowledged).eql(range(500));
  });

  it('lets others have a turn between the parts of much', async () => {
    make();
    handOver.start();
    add(0, 5_000);
    await turns(1);
    should(given.length).be.within(1, 4_999);
    await until('all is given', () => given.length === 5_000);
  });

  it('gives a batch when it is full', async () => {
    make({ batch: { size: 3, ms: 1_000 } });
    handOver.start();
    add(0, 7);
    await turns();
    should(given).eql([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    should(acknowledged).eql(range(6));
  });

  it('gives a smaller batch when its first message has waited long enough', async () => {
    make({ batch: { size: 3, ms: 1_000 } });
    handOver.start();
    add(0, 1);
    clock.advance(600);
    add(1, 1);
    clock.advance(399);
    await turns();
    should(given).be.empty();
    clock.advance(1);
    await turns();
    should(given).eql([[0, 1]]);
  });

  it('with confirmation keeps no more than so many under way, and acknowledges with it', async () => {
    make({ unconfirmed: 2 });
    handOver.start();
    add(0, 4);
    await turns();
    should(given).eql([[0], [1]]);
    should(acknowledged).be.empty();
    handOver.confirm();
    await turns();
    should(given).eql([[0], [1], [2]]);
    should(acknowledged).eql([0]);
    should(handOver.underWay).equal(2);
  });

  it('does not wait for the confirmation of what the flow will not confirm', async () => {
    make({ unconfirmed: 1 });
    confirmable = false;
    handOver.start();
    add(0, 3);
    await turns(5);
    should(given).have.length(3);
    should(acknowledged).eql(range(3));
  });

  it('waits no more for what is not confirmed in time', async () => {
    make({ unconfirmed: 1 });
    handOver.start();
    add(0, 2);
    await turns();
    clock.advance(CONFIRM_TIMEOUT_MS - 1);
    should(handOver.giveUpOld()).equal(0);
    clock.advance(1);
    should(handOver.giveUpOld()).equal(1);
    await turns();
    should(given).eql([[0], [1]]);
    should(acknowledged).eql([0]);
  });

  it('survives a confirmation too many', () => {
    make({ unconfirmed: 1 });
    handOver.confirm();
    should(handOver.underWay).equal(0);
  });

  it('gives nothing more once it is stopped', async () => {
    make({ batch: { size: 2, ms: 100 } });
    handOver.start();
    add(0, 2);
    handOver.stop();
    clock.advance(100);
    await turns();
    should(given).be.empty();
    should(acknowledged).be.empty();
  });
});

describe('the pace of handing over', () => {
  it('falls to one message a turn while turns are long, and rises while they are short', () => {
    const pace = new Pace();
    const before = pace.messages;
    pace.adjust(2);
    should(pace.messages).be.above(before);
    for (let turn = 0; turn < 20; turn += 1) pace.adjust(100);
    should(pace.messages).equal(1);
    pace.adjust(10);
    should(pace.messages).equal(2);
    for (let turn = 0; turn < 100; turn += 1) pace.adjust(1);
    should(pace.messages).equal(2_000);
  });
});
