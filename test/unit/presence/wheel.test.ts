import should from 'should';
import { DeadlineWheel, SLOT_MS } from '../../../lib/presence/wheel';

describe('the timer wheel', () => {
  it('gives out each key once, when its time has come, in order', () => {
    const wheel = new DeadlineWheel(0);
    wheel.set('b', 2_000);
    wheel.set('a', 1_000);
    should(wheel.due(999)).be.empty();
    should(wheel.due(5_000)).eql(['a', 'b']);
    should(wheel.due(60_000)).be.empty();
  });

  it('knows only the last time that was set', () => {
    const wheel = new DeadlineWheel(0);
    wheel.set('later', 1_000);
    wheel.set('later', 9_000);
    wheel.set('sooner', 9_000);
    wheel.set('sooner', 1_000);
    wheel.set('never', 1_000);
    wheel.delete('never');
    should(wheel.due(2_000)).eql(['sooner']);
    should(wheel.due(9_000)).eql(['later']);
  });

  it('gives out with the next turn what is due already', () => {
    const wheel = new DeadlineWheel(10_000);
    wheel.set('late', 3_000);
    should(wheel.due(10_000 + SLOT_MS)).eql(['late']);
  });

  it('turns through a long sleep of the machine at once', () => {
    const wheel = new DeadlineWheel(0);
    wheel.set('a', 1_000);
    wheel.set('b', 365 * 86_400_000);
    should(wheel.due(400 * 86_400_000)).eql(['a', 'b']);
  });
});
