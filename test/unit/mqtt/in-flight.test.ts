import should from 'should';
import { InFlightWindow } from '../../../lib/mqtt/in-flight';

describe('the window of unacknowledged messages', () => {
  let sent: string[];
  let window: InFlightWindow<string>;

  beforeEach(() => {
    sent = [];
    window = new InFlightWindow(2, (message) => sent.push(message));
  });

  it('sends as many as the limit, the rest in order as answers come', () => {
    for (const message of ['a', 'b', 'c', 'd']) window.add(message);
    sent.should.eql(['a', 'b']);
    should(window.settle(2)).equal('b');
    sent.should.eql(['a', 'b', 'c']);
    should(window.settle(1)).equal('a');
    sent.should.eql(['a', 'b', 'c', 'd']);
  });

  it('keeps the place of a message given up until the broker answers it', () => {
    for (const message of ['a', 'b', 'c']) window.add(message);
    window.giveUp('a');
    sent.should.eql(['a', 'b']);
    should(window.settle(1)).equal(undefined);
    sent.should.eql(['a', 'b', 'c']);
  });

  it('never sends a message given up while it waited', () => {
    for (const message of ['a', 'b', 'c']) window.add(message);
    window.giveUp('c');
    window.settle(1);
    sent.should.eql(['a', 'b']);
  });

  it('tells apart what was sent and what was not when the connection is lost', () => {
    for (const message of ['a', 'b', 'c']) window.add(message);
    window.giveUp('b');
    window.clear().should.eql({ sent: ['a'], unsent: ['c'] });
    window.size.should.equal(0);
  });

  it('ignores an answer to something never sent', () => {
    should(window.settle(77)).equal(undefined);
  });
});
