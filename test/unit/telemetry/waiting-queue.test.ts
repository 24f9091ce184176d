import should from 'should';
import { type Policy, WaitingQueue } from '../../../lib/telemetry/waiting-queue';

interface Entry {
  readonly key: string;
  readonly n: number;
}

describe('the queue before a slow flow', () => {
  let shed: number[];
  const make = (policy: Policy, limit: number, random = () => 0.5) => {
    shed = [];
    return new WaitingQueue<Entry>({ policy, limit, random, onShed: ({ n }) => shed.push(n) });
  };
  const fill = (queue: WaitingQueue<Entry>, from: number, count: number, key = (n: number) => `d${n}`) => {
    for (let n = from; n < from + count; n += 1) queue.add({ key: key(n), n });
  };
  const drain = (queue: WaitingQueue<Entry>, count = Number.POSITIVE_INFINITY) => {
    const taken: number[] = [];
    for (let entry = queue.first; entry !== undefined && taken.length < count; entry = queue.first) {
      should(queue.shift()).equal(entry);
      taken.push(entry.n);
    }
    return taken;
  };
  const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);

  for (const policy of ['sample', 'latest', 'refuse'] as const) {
    it(`${policy}: keeps the order, and sheds nothing while the flow keeps up`, () => {
      const queue = make(policy, 100, () => 0.999);
      const taken: number[] = [];
      for (let from = 0; from < 5_000; from += 50) {
        fill(queue, from, 50);
        taken.push(...drain(queue));
      }
      should(taken).eql(range(0, 5_000));
      should(shed).be.empty();
    });
  }

  it('sample: never holds more than the limit, however much comes', () => {
    const queue = make('sample', 100, () => 0);
    fill(queue, 0, 1_000);
    should(queue.size).equal(100);
    should(shed).have.length(900);
  });

  it('sample: keeps the smaller a share the fuller it is, and any message may be in it', () => {
    let turn = 0;
    const queue = make('sample', 1_000, () => (turn++ % 100) / 100);
    fill(queue, 0, 750);
    const untilThreeQuarters = shed.length;
    fill(queue, 750, 10_000);
    should(untilThreeQuarters).be.within(20, 150);
    should(queue.size).be.within(900, 1_000);
    const kept = drain(queue);
    should(kept).containDeep(range(0, 500));
    should(kept.length + shed.length).equal(10_750);
  });

  it('latest: replaces what waits of the same device, in its place, once half full', () => {
    const queue = make('latest', 10);
    fill(queue, 0, 5, (n) => `d${n}`);
    queue.add({ key: 'd1', n: 100 });
    queue.add({ key: 'd5', n: 101 });
    should(drain(queue)).eql([0, 100, 2, 3, 4, 101]);
    should(shed).eql([1]);
  });

  it('latest: lets a short burst of one device through', () => {
    const queue = make('latest', 10);
    fill(queue, 0, 5, () => 'same');
    should(drain(queue)).eql(range(0, 5));
  });

  it('latest: drops what has waited longest when there are more devices than places', () => {
    const queue = make('latest', 10);
    fill(queue, 0, 25);
    should(queue.size).equal(10);
    should(shed).eql(range(0, 15));
    should(drain(queue)).eql(range(15, 10));
  });

  it('latest: of each device the newest is handed over, over a long time', () => {
    const queue = make('latest', 100);
    const newest = new Map<number, number>();
    let taken = 0;
    for (let n = 0; n < 50_000; n += 1) {
      queue.add({ key: `d${n % 40}`, n });
      newest.set(n % 40, n);
      if (n % 7 === 0) taken += drain(queue, 1).length;
    }
    const rest = drain(queue);
    for (const n of newest.values()) should(rest).containEql(n);
    should(taken + rest.length + shed.length).equal(50_000);
  });

  it('refuse: says when it is full, and takes what was under way', () => {
    const queue = make('refuse', 10);
    fill(queue, 0, 9);
    should(queue.hasRoom).be.true();
    fill(queue, 9, 3);
    should(queue.hasRoom).be.false();
    should(drain(queue, 3)).eql([0, 1, 2]);
    should(queue.hasRoom).be.true();
    should(drain(queue)).eql(range(3, 9));
    should(shed).be.empty();
  });
});
