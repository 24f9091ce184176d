import should from 'should';
import { Loop, type SeenCommand } from '../support/loop';
import { until } from '../support/mosquitto';

describe('clients and brokers that come and go (SPEC 3, SEQ error scenarios)', function () {
  this.timeout(60_000);
  let loop: Loop;
  beforeEach(async () => {
    loop = await Loop.start();
  });
  afterEach(() => loop.close());

  const settled = (commands: readonly SeenCommand[]) =>
    Object.fromEntries(commands.map(({ revision, state }) => [revision, state]));
  const firstApplied = async () => {
    await loop.startService();
    await loop.startEdge();
    await loop.push(1);
    await loop.converged();
  };
  const revisionsApplied = () => loop.applied().map((line) => Number(line.split(' ')[0]));

  it('a client that is offline gets its configuration from the session when it is back', async () => {
    await firstApplied();
    await loop.stopEdge();
    await loop.push(2);
    await loop.reaches(2, 'published');
    await loop.startEdge();
    await loop.converged();
    should(revisionsApplied()).eql([1, 2]);
  });

  it('a client gets it also after its session has expired, by its birth', async () => {
    loop.sessionExpirySeconds = 1;
    await firstApplied();
    await loop.stopEdge();
    await loop.broker.waitForExpiry('acme.press-1');
    await loop.push(2);
    await loop.reaches(2, 'queued');
    await loop.startEdge();
    await loop.converged();
    should(revisionsApplied()).eql([1, 2]);
  });

  it('of three revisions that came while it was offline only the newest is applied, the others are superseded', async () => {
    await firstApplied();
    await loop.stopEdge();
    for (const n of [2, 3, 4]) {
      await loop.push(n);
      await loop.reaches(n, 'published');
    }
    await loop.startEdge();
    await loop.converged();
    should(revisionsApplied()).eql([1, 4]);
    should(settled(await loop.commands())).eql({
      1: 'applied',
      2: 'superseded',
      3: 'superseded',
      4: 'applied',
    });
  });

  it('the same when its session has expired meanwhile', async () => {
    loop.sessionExpirySeconds = 1;
    await firstApplied();
    await loop.stopEdge();
    await loop.broker.waitForExpiry('acme.press-1');
    for (const n of [2, 3, 4]) await loop.push(n);
    await loop.startEdge();
    await loop.converged();
    should(revisionsApplied()).eql([1, 4]);
    should(settled(await loop.commands())).eql({
      1: 'applied',
      2: 'superseded',
      3: 'superseded',
      4: 'applied',
    });
  });

  it('a push while the broker is down is accepted, and delivered when it is back', async () => {
    await firstApplied();
    await loop.broker.stop();
    should(await loop.push(2)).be.true();
    await loop.reaches(2, 'queued');
    await loop.broker.start();
    await loop.converged();
    should(revisionsApplied()).eql([1, 2]);
  });

  it('a broker that restarts with its persistence file still has what it held for an offline client', async () => {
    await firstApplied();
    await loop.stopEdge();
    await loop.push(2);
    await loop.reaches(2, 'published');
    await loop.broker.stop();
    await loop.broker.start();
    await loop.startEdge();
    await loop.converged();
    should(revisionsApplied()).eql([1, 2]);
  });

  it('a broker that restarts without it has lost the message; the birth brings it back', async () => {
    await firstApplied();
    await loop.stopEdge();
    await loop.push(2);
    await loop.reaches(2, 'published');
    await loop.broker.kill();
    loop.broker.forget();
    await loop.broker.start();
    await loop.startEdge();
    await loop.converged();
    should(revisionsApplied()).eql([1, 2]);
  });

  it('what a client reports while the service is down waits in the session of the service', async () => {
    await firstApplied();
    await loop.push(2);
    await loop.stopService();
    await loop.startService();
    await loop.converged();
    should(revisionsApplied()).eql([1, 2]);
  });

  it('a client that has lost its state file gets its configuration again', async () => {
    await firstApplied();
    await loop.stopEdge();
    loop.forgetEdgeState();
    await loop.startEdge();
    // Until its birth has been heard, the service takes it for what it was.
    await until('applied again', () => revisionsApplied().length === 2, 10_000);
    await loop.converged();
    should(revisionsApplied()).eql([1, 1]);
    const commands = await loop.commands();
    should(commands.map(({ revision, state }) => [revision, state])).eql([
      [1, 'applied'],
      [1, 'applied'],
    ]);
  });
});
