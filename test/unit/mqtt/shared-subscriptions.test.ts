import should from 'should';
import type { IncomingMessage, MessageHandler } from '../../../lib/mqtt/link';
import { SharedSubscriptions } from '../../../lib/mqtt/shared-subscriptions';
import { ManualClock } from '../../support/clock';

const MESSAGE: IncomingMessage = {
  topic: 't',
  payload: Buffer.from('x'),
  qos: 1,
  retain: false,
  duplicate: false,
  properties: {},
};

describe('subscriptions that several handlers share', () => {
  let clock: ManualClock;
  let shared: SharedSubscriptions;
  let subscribed: Map<string, MessageHandler>;
  let seen: string[];

  beforeEach(() => {
    clock = new ManualClock();
    subscribed = new Map();
    seen = [];
    shared = new SharedSubscriptions(
      {
        subscribe: async (filter, handler) => void subscribed.set(filter, handler),
        unsubscribe: async (filter) => void subscribed.delete(filter),
      },
      clock,
    );
  });

  const deliver = async () => subscribed.get('t')?.(MESSAGE);
  const one = () => void seen.push('one');
  const two = () => void seen.push('two');

  it('gives every message to every handler of the filter', async () => {
    await shared.add('t', one);
    await shared.add('t', two);
    await deliver();
    seen.should.eql(['one', 'two']);
  });

  it('unsubscribes with the last handler', async () => {
    await shared.add('t', one);
    await shared.add('t', two);
    await shared.remove('t', one, { keep: false });
    subscribed.size.should.equal(1);
    await shared.remove('t', two, { keep: false });
    subscribed.size.should.equal(0);
  });

  it('keeps a message for the handler that takes the place of another (redeploy)', async () => {
    await shared.add('t', one);
    await shared.remove('t', one, { keep: true });
    const delivery = deliver();
    await shared.add('t', two);
    await delivery;
    seen.should.eql(['two']);
  });

  it('says so when none comes in twenty seconds', async () => {
    await shared.add('t', one);
    await shared.remove('t', one, { keep: true });
    const delivery = should(deliver()).be.rejectedWith({ code: 'MQTT_NO_HANDLER' });
    clock.advance(20_000);
    await delivery;
  });
});
