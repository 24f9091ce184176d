import should from 'should';
import type { DevicePlace, DeviceRecord, PresenceState } from '../../../lib/presence/device';
import type { Evidence } from '../../../lib/presence/evidence';
import { savedDevices, savePresence } from '../../../lib/presence/saved';
import { type PresenceOptions, PresenceTracker } from '../../../lib/presence/tracker';
import { SLOT_MS } from '../../../lib/presence/wheel';

const START = Date.parse('2026-01-29T10:30:00Z');
const MINUTE = 60_000;
const OPTIONS: PresenceOptions = {
  staleAfterMs: 150_000,
  flapChanges: 4,
  flapWindowMs: 10 * MINUTE,
  forgetAfterMs: 24 * 60 * MINUTE,
};
const board = (deviceId: string): DevicePlace => ({
  profile: 'sensors',
  deviceId,
  factoryId: 'factory-a',
  equipmentType: 'oven',
  equipmentId: 'oven-001',
});
const CLIENT: DevicePlace = { profile: 'clients', tenantId: 'acme', clientId: 'press-1' };

/** A tracker, a clock that a test moves, and what was told: `device: from > to (reason)`. */
class Watched {
  now = START;
  told: string[] = [];
  readonly tracker: PresenceTracker;

  constructor(options: Partial<PresenceOptions> = {}, devices: DeviceRecord[] = []) {
    const name = ({ place }: DeviceRecord) => ('deviceId' in place ? place.deviceId : place.clientId);
    this.tracker = new PresenceTracker(
      { ...OPTIONS, ...options },
      {
        onChange: (device, from) =>
          this.told.push(`${name(device)}: ${from} > ${device.state} (${device.reason})`),
        onFlapping: (device) => this.told.push(`${name(device)}: flapping ${device.flappingSince !== null}`),
        onForgotten: (device) => this.told.push(`${name(device)}: forgotten`),
      },
      this.now,
    );
    this.tracker.restore(devices);
  }

  hear(says: Evidence['says'], more: Partial<Evidence> = {}): void {
    const place = board('board-1');
    this.tracker.hear({ place, says, source: 'status', retained: false, at: this.now, ...more }, this.now);
  }

  /** Moves the clock, turning as often as the node does. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now = Math.min(end, this.now + SLOT_MS);
      this.tracker.turn(this.now);
    }
  }

  /** What was told since the last time. */
  news(): string[] {
    return this.told.splice(0);
  }
}

describe('the presence of devices', () => {
  it('tells that a board is online at its first message, and nothing for its heartbeats', () => {
    const watched = new Watched();
    watched.hear('online');
    should(watched.news()).eql(['board-1: undefined > online (status)']);
    for (let beat = 0; beat < 10; beat++) {
      watched.pass(MINUTE);
      watched.hear('online');
    }
    should(watched.news()).be.empty();
    should(watched.tracker.counts).eql({ online: 1, stale: 0, offline: 0, flapping: 0 });
  });

  it('tells that it is offline when its will comes (FR-1.6)', () => {
    const watched = new Watched();
    watched.hear('online');
    watched.hear('offline');
    should(watched.news()).eql(['board-1: undefined > online (status)', 'board-1: online > offline (will)']);
    watched.pass(10 * MINUTE);
    watched.hear('offline');
    should(watched.news()).be.empty();
  });

  it('tells that it is stale after two and a half heartbeats of silence (FR-1.9), and online when it is heard', () => {
    const watched = new Watched();
    watched.hear('online');
    watched.pass(149_000);
    should(watched.news()).eql(['board-1: undefined > online (status)']);
    watched.pass(1_500);
    should(watched.news()).eql(['board-1: online > stale (silence)']);
    watched.hear('alive', { source: 'telemetry' });
    should(watched.news()).eql(['board-1: stale > online (telemetry)']);
  });

  it('takes telemetry for a sign of life as well as heartbeats', () => {
    const watched = new Watched();
    watched.hear('online');
    watched.news();
    for (let count = 0; count < 20; count++) {
      watched.pass(30_000);
      watched.hear('alive', { source: 'telemetry' });
    }
    should(watched.news()).be.empty();
    watched.pass(151_000);
    should(watched.news()).eql(['board-1: online > stale (silence)']);
  });

  it('leaves a client, which sends no heartbeats, online until its will', () => {
    const watched = new Watched();
    watched.hear('online', { place: CLIENT });
    watched.pass(60 * MINUTE);
    watched.hear('offline', { place: CLIENT });
    should(watched.news()).eql(['press-1: undefined > online (status)', 'press-1: online > offline (will)']);
  });

  it('is not brought back by telemetry that was under way when the will came', () => {
    const watched = new Watched();
    watched.hear('online');
    watched.hear('offline');
    watched.news();
    watched.pass(1_000);
    watched.hear('alive', { source: 'telemetry' });
    should(watched.news()).be.empty();
    watched.pass(10_000);
    watched.hear('alive', { source: 'telemetry' });
    should(watched.news()).eql(['board-1: offline > online (telemetry)']);
  });

  it('keeps boards with one name apart by their equipment', () => {
    const watched = new Watched();
    watched.hear('online');
    watched.hear('offline', { place: { ...board('board-1'), equipmentId: 'oven-002' } as DevicePlace });
    should(watched.tracker.counts).match({ online: 1, offline: 1 });
  });

  describe('the will of an earlier connection changes nothing', () => {
    it('when it is of an earlier boot, by number', () => {
      const watched = new Watched();
      watched.hear('online', { boot: '7' });
      watched.pass(1_000);
      watched.hear('online', { boot: '8' });
      watched.hear('offline', { boot: '7', at: START });
      should(watched.tracker.counts.online).equal(1);
      watched.hear('offline', { boot: '9', at: START });
      should(watched.tracker.counts.offline).equal(1);
    });

    it('when the device has said something later before it connected anew', () => {
      const watched = new Watched();
      watched.hear('online', { boot: '7', connection: 1 });
      watched.pass(MINUTE);
      watched.hear('online', { boot: '7', connection: 1 });
      watched.pass(1_000);
      watched.hear('online', { boot: '7', connection: 2 });
      watched.hear('offline', { boot: '7', at: START - 1 });
      should(watched.tracker.counts.online).equal(1);
      watched.hear('offline', { boot: '7', at: START + MINUTE + 500 });
      should(watched.tracker.counts.offline).equal(1);
    });

    it('when it is of a client, whose boots have names', () => {
      const watched = new Watched();
      watched.hear('online', { place: CLIENT, boot: 'a' });
      watched.pass(MINUTE);
      watched.hear('online', { place: CLIENT, boot: 'b' });
      watched.hear('offline', { place: CLIENT, boot: 'a', at: START - 1 });
      should(watched.tracker.counts.online).equal(1);
      watched.hear('offline', { place: CLIENT, boot: 'b', at: START + MINUTE - 1 });
      should(watched.tracker.counts.offline).equal(1);
    });
  });

  describe('what the broker had kept', () => {
    it('says online only while the device may still be there', () => {
      const watched = new Watched();
      watched.hear('online', { retained: true, at: START - MINUTE });
      watched.hear('online', { retained: true, at: START - 120 * MINUTE, place: board('old') });
      should(watched.news()).eql([
        'board-1: undefined > online (snapshot)',
        'old: undefined > stale (snapshot)',
      ]);
      watched.hear('online', { place: board('old') });
      should(watched.news()).eql(['old: stale > online (status)']);
      watched.pass(151_000);
      should(watched.news()).containEql('board-1: online > stale (silence)');
    });

    it('says offline when it is a will', () => {
      const watched = new Watched();
      watched.hear('offline', { retained: true, at: START - 120 * MINUTE });
      should(watched.news()).eql(['board-1: undefined > offline (snapshot)']);
    });

    it('says nothing against what was heard since', () => {
      const watched = new Watched();
      watched.hear('online');
      watched.hear('offline');
      watched.news();
      watched.hear('online', { retained: true, at: START - 1 });
      should(watched.news()).be.empty();
    });

    it('of a client is believed: nothing later would come', () => {
      const watched = new Watched();
      watched.hear('online', { place: CLIENT, retained: true, at: START - 120 * MINUTE });
      should(watched.news()).eql(['press-1: undefined > online (snapshot)']);
    });
  });

  describe('flapping', () => {
    it('is told once, while the changes go on being told, and its end', () => {
      const watched = new Watched();
      watched.hear('online');
      for (let turn = 0; turn < 3; turn++) {
        watched.pass(10_000);
        watched.hear('offline');
        watched.pass(10_000);
        watched.hear('online');
      }
      const told = watched.news();
      should(told).have.length(8);
      should(told[5]).equal('board-1: flapping true');
      should(watched.tracker.counts.flapping).equal(1);
      for (let beat = 0; beat < 10; beat++) {
        watched.pass(MINUTE);
        watched.hear('online');
      }
      should(watched.news()).eql(['board-1: flapping false']);
      should(watched.tracker.counts.flapping).equal(0);
    });

    it('is not what changes as often in a longer time', () => {
      const watched = new Watched();
      watched.hear('online', { place: CLIENT });
      for (let turn = 0; turn < 6; turn++) {
        watched.pass(4 * MINUTE);
        watched.hear(turn % 2 === 0 ? 'offline' : 'online', { place: CLIENT });
      }
      should(watched.news()).have.length(7);
    });
  });

  describe('while nothing can be heard', () => {
    it('makes nobody stale, and counts the silence anew afterwards', () => {
      const watched = new Watched();
      watched.hear('online');
      watched.pass(MINUTE);
      watched.tracker.deafen();
      watched.pass(60 * MINUTE);
      should(watched.news()).eql(['board-1: undefined > online (status)']);
      watched.tracker.listen(watched.now);
      watched.pass(149_000);
      should(watched.news()).be.empty();
      watched.pass(2_000);
      should(watched.news()).eql(['board-1: online > stale (silence)']);
    });
  });

  it('forgets a device that was not heard for long enough, and one when asked', () => {
    const watched = new Watched({ forgetAfterMs: 10 * MINUTE });
    watched.hear('online');
    watched.hear('online', { place: board('board-2') });
    watched.hear('offline');
    watched.news();
    watched.tracker.forget('openegiz/factory-a/oven/oven-001/board-2');
    should(watched.news()).eql(['board-2: forgotten']);
    watched.pass(11 * MINUTE);
    should(watched.news()).eql(['board-1: forgotten']);
    should(watched.tracker.devices.size).equal(0);
    should(watched.tracker.counts).eql({ online: 0, stale: 0, offline: 0, flapping: 0 });
  });

  it('goes on with what it had saved, and tells only what has changed', () => {
    const before = new Watched();
    before.hear('online');
    before.hear('offline', { place: CLIENT });
    const saved: unknown = JSON.parse(JSON.stringify(savePresence(before.tracker)));

    const after = new Watched({}, savedDevices(saved));
    should(after.tracker.counts).eql(before.tracker.counts);
    after.hear('online');
    should(after.news()).be.empty();
    after.pass(151_000);
    should(after.news()).eql(['board-1: online > stale (silence)']);
  });

  it('leaves out what it cannot read of what was saved', () => {
    const before = new Watched();
    before.hear('online');
    const { version, devices } = savePresence(before.tracker);
    const spoilt = devices.map((device) => ({ ...device, state: 'asleep' as PresenceState }));
    should(savedDevices({ version, devices: [...devices, ...spoilt, null, 7] })).have.length(1);
    should(savedDevices({ version: 2, devices })).be.empty();
    should(savedDevices('nonsense')).be.empty();
  });

  it('follows 10,000 devices, each by its own silence (NFR-3)', () => {
    const watched = new Watched();
    for (let index = 0; index < 10_000; index++) watched.hear('online', { place: board(`board-${index}`) });
    watched.news();
    for (let beat = 0; beat < 5; beat++) {
      watched.pass(MINUTE);
      for (let index = 1; index < 10_000; index++) {
        if (index !== 77 || beat === 0) watched.hear('online', { place: board(`board-${index}`) });
      }
    }
    should(watched.news()).eql(['board-0: online > stale (silence)', 'board-77: online > stale (silence)']);
    should(watched.tracker.counts).match({ online: 9_998, stale: 2 });
  });
});
