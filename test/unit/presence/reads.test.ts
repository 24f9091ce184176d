import should from 'should';
import type { DevicePlace } from '../../../lib/presence/device';
import { listDevices, readOf, summaryOf } from '../../../lib/presence/reads';
import { PresenceTracker } from '../../../lib/presence/tracker';

const NOW = Date.parse('2026-01-29T10:30:00Z');
const NOTHING = { onChange: () => undefined, onFlapping: () => undefined, onForgotten: () => undefined };

describe('what can be asked about presence', () => {
  let tracker: PresenceTracker;
  beforeEach(() => {
    const options = { staleAfterMs: 150_000, flapChanges: 6, flapWindowMs: 600_000, forgetAfterMs: 0 };
    tracker = new PresenceTracker(options, NOTHING, NOW);
    const hear = (place: DevicePlace, says: 'online' | 'offline') =>
      tracker.hear({ place, says, source: 'status', retained: false, at: NOW }, NOW);
    for (const number of [1, 2, 3]) {
      hear(
        {
          profile: 'sensors',
          deviceId: `board-${number}`,
          factoryId: number === 3 ? 'factory-b' : 'factory-a',
          equipmentType: 'oven',
          equipmentId: 'oven-001',
          sensorType: 'thermal',
        },
        number === 2 ? 'offline' : 'online',
      );
    }
    hear({ profile: 'clients', tenantId: 'acme', clientId: 'press-1' }, 'online');
  });

  const names = (request: unknown) => listDevices(tracker, request).items.map(({ device }) => device);

  it('is how many devices there are in each state', () => {
    should(summaryOf(tracker)).eql({
      online: 3,
      stale: 0,
      offline: 1,
      total: 4,
      flapping: 0,
      listening: true,
    });
  });

  it('is every device, with its state and the ids in its topic', () => {
    const { items, next } = listDevices(tracker, undefined);
    should(next).be.null();
    should(items.map(({ device }) => device)).eql(['board-1', 'board-2', 'board-3', 'acme.press-1']);
    should(items[1]).eql({
      device: 'board-2',
      profile: 'sensors',
      factoryId: 'factory-a',
      equipmentType: 'oven',
      equipmentId: 'oven-001',
      sensorType: 'thermal',
      state: 'offline',
      since: '2026-01-29T10:30:00.000Z',
      reason: 'will',
      lastSeen: null,
      flapping: false,
    });
  });

  it('is narrowed by state, place and name', () => {
    should(names({ state: 'offline' })).eql(['board-2']);
    should(names({ state: ['stale', 'offline'] })).eql(['board-2']);
    should(names({ factoryId: 'factory-a' })).eql(['board-1', 'board-2']);
    should(names({ profile: 'clients' })).eql(['acme.press-1']);
    should(names({ device: 'acme.press-1' })).eql(['acme.press-1']);
    should(names({ search: 'BOARD', state: 'online' })).eql(['board-1', 'board-3']);
    should(names({ flapping: true })).be.empty();
  });

  it('comes in pages', () => {
    const first = listDevices(tracker, { limit: 3 });
    should(first.items).have.length(3);
    should(names({ limit: 3, after: first.next })).eql(['acme.press-1']);
  });

  it('is refused with the mend when it cannot be meant so', () => {
    for (const request of [
      { state: 'gone' },
      { limit: 0 },
      { limit: '5' },
      { flapping: 1 },
      { colour: 'red' },
      { search: 3 },
    ])
      should(() => listDevices(tracker, request)).throw({ code: 'INVALID_REQUEST' });
    should(() => readOf('everything')).throw({ code: 'INVALID_REQUEST' });
  });
});
