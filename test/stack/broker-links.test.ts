import 'should';
import { type BrokerLinks, connectBroker } from '../../lib/mqtt/broker-links';
import type { LinkState } from '../../lib/mqtt/link';
import { startMosquitto, type TestBroker, until } from '../support/mosquitto';

describe('the connections of an account (SPEC 2)', () => {
  let broker: TestBroker;
  let links: BrokerLinks;

  afterEach(async () => {
    await links.close();
    await broker.close();
  });

  async function connect(role: 'service' | 'client', instance?: string): Promise<LinkState[]> {
    broker = await startMosquitto({ accounts: { acc: 'secret' }, accountIsClientId: role === 'client' });
    links = connectBroker({
      url: broker.url,
      role,
      account: 'acc',
      credentials: { username: 'acc', password: 'secret' },
      sessionExpirySeconds: 60,
      ...(instance === undefined ? {} : { instance }),
    });
    const states: LinkState[] = [];
    links.onState((state) => states.push(state));
    await until('connected', () => states.at(-1)?.kind === 'connected');
    return states;
  }

  it('of a service are two, of which only the receiver has a session', async () => {
    await connect('service', 'one');
    broker.log().should.match(/as acc-pub-one \(p5, c1/);
    broker.log().should.match(/as acc-sub-one \(p5, c0/);
  });

  it('of a client are one, under the account as client id, since the broker forces it', async () => {
    await connect('client');
    links.publisher.should.equal(links.receiver);
    broker.log().should.match(/as acc \(p5, c0/);
  });

  it('tell the worse of two states', async () => {
    const states = await connect('service');
    await links.publisher.close();
    states.at(-1)?.kind.should.equal('closed');
    links.receiver.state.kind.should.equal('connected');
  });
});
