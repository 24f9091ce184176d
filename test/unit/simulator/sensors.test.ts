import should from 'should';
import { DEFAULT_SEED } from '../../../cli/stack/options';
import { PayloadValidator } from '../../../lib/schemas/payload-validator';
import { sensorOf } from '../../../lib/simulator/sensors/factory';
import { heatersOf } from '../../../lib/simulator/sensors/heaters';
import { offlineMessage, onlineMessage, telemetryMessage } from '../../../lib/simulator/sensors/messages';
import { ovenAt, ovenOf } from '../../../lib/simulator/sensors/oven';
import type { SensorPlace } from '../../../lib/simulator/sensors/view';
import { sensorStatusTopic, sensorTelemetryTopic } from '../../../lib/topics/sensors';

const SEED = DEFAULT_SEED;
const HOUR = 3_600_000;
/** A Thursday. */
const MIDNIGHT = Date.parse('2026-01-29T00:00:00Z');
const SUNDAY = Date.parse('2026-02-01T00:00:00Z');

const place = (
  sensorType: string,
  equipmentId = 'oven-001',
  deviceId = `${equipmentId}-${sensorType}`,
): SensorPlace => ({
  deviceId,
  factoryId: 'factory-a',
  equipmentType: 'oven',
  equipmentId,
  sensorType,
});

interface Electrical {
  readonly voltage: { a: number; b: number; c: number };
  readonly current: { a: number; b: number; c: number };
  readonly power_factor: number;
  readonly active_power: { total: number };
  readonly energy: { total: number };
  readonly frequency: number;
}
interface Thermal {
  readonly temperature_zones: { zone: number; value: number }[];
  readonly setpoint: number;
  readonly heating_active: boolean;
}
type Environmental = Record<'ambient_temperature' | 'humidity' | 'pressure' | 'co2', { value: number }>;

/** What a sensor of the sample's factory reads. */
const sensor = <Reading>(sensorType: string, equipmentId?: string) => {
  const read = sensorOf(SEED, place(sensorType, equipmentId));
  return (at: number) => read(at) as unknown as Reading;
};
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** One value each `step` ms from `from` up to `to`. */
const every = (from: number, to: number, step: number) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);
/** An oven whose heaters are all good, by the seed. */
const SOUND = ['oven-002', 'oven-003', 'oven-004', 'oven-005', 'oven-006', 'oven-007'].find(
  (id) => heatersOf(SEED, `factory-a/oven/${id}`).weak === undefined,
);

describe('simulated sensors', () => {
  describe('are a function of seed, board and time', () => {
    for (const type of ['electrical', 'thermal', 'environmental']) {
      it(`${type}: again the same, and another one with another seed, board or moment`, () => {
        const read = sensorOf(SEED, place(type));
        const first = read(MIDNIGHT);
        read(MIDNIGHT + 12 * HOUR);
        should(read(MIDNIGHT)).eql(first);
        should(sensorOf(SEED, place(type))(MIDNIGHT)).eql(first);
        should(sensorOf(SEED + 1, place(type))(MIDNIGHT)).not.eql(first);
        should(sensorOf(SEED, place(type, 'oven-001', 'other'))(MIDNIGHT)).not.eql(first);
        should(read(MIDNIGHT + 1000)).not.eql(first);
      });
    }
  });

  it('fit the schemas and their topics at every moment, on a hundred machines', () => {
    let now = 0;
    const validator = new PayloadValidator(
      { choice: { kind: 'automatic' }, schemas: [], unmatched: 'invalid' },
      () => now,
    );
    const inForce = { revision: 0, hash: null };
    for (let machine = 0; machine < 100; machine++) {
      now = MIDNIGHT + machine * 1.7 * HOUR;
      for (const type of ['electrical', 'thermal', 'environmental']) {
        const board = place(type, `machine-${machine}`);
        const standing = { at: now, uptime: machine, bootId: 1, seq: 1 + machine, rssi: -60 };
        const telemetry = telemetryMessage(board, sensorOf(machine, board)(now), standing);
        const status = onlineMessage(board, standing, { reconnects: 0, backlog: 1, dropped: 0 }, inForce);
        for (const [topic, message] of [
          [sensorTelemetryTopic(board), telemetry],
          [sensorStatusTopic(board), status],
          [sensorStatusTopic(board), offlineMessage(board, now, 1, inForce)],
        ] as const) {
          should(validator.validate(topic, JSON.stringify(message)).errors).eql([]);
        }
      }
    }
  });

  describe('of an oven', () => {
    const thermal = sensor<Thermal>('thermal', SOUND);
    const electrical = sensor<Electrical>('electrical', SOUND);
    const temperature = (at: number) => mean(thermal(at).temperature_zones.map(({ value }) => value));

    it('hold standby at night, warm up before the shift, and hold the setpoint in it', () => {
      const night = MIDNIGHT + 3 * HOUR;
      const noon = MIDNIGHT + 12 * HOUR;
      const { setpoint } = thermal(noon);
      setpoint.should.be.within(170, 215);
      should(thermal(night).setpoint).be.below(setpoint * 0.6);
      should(temperature(night)).be.approximately(thermal(night).setpoint, 4);
      const warming = every(MIDNIGHT + 5.5 * HOUR, MIDNIGHT + 5.75 * HOUR, 60_000);
      should(warming.every((at) => thermal(at).heating_active)).be.true();
      const curve = warming.map(temperature);
      should(curve.slice(1).every((value, index) => value > (curve[index] ?? 0))).be.true();
      const held = every(MIDNIGHT + 7 * HOUR, MIDNIGHT + 9 * HOUR, 30_000).map(temperature);
      should(mean(held)).be.approximately(setpoint, 4);
      should(Math.min(...held)).be.below(setpoint - 8, 'a cold load now and then');
    });

    it('rest on Sunday', () => {
      should(thermal(SUNDAY + 12 * HOUR).setpoint).equal(thermal(SUNDAY + 2 * HOUR).setpoint);
    });

    it('take power when they heat, on all phases, and next to none otherwise', () => {
      for (const at of every(MIDNIGHT, MIDNIGHT + 24 * HOUR, 97_000)) {
        const { active_power } = electrical(at);
        if (thermal(at).heating_active) should(active_power.total).be.above(25);
        else should(active_power.total).be.below(2);
      }
    });

    it('agree with themselves: power is voltage times current times power factor', () => {
      for (const at of every(MIDNIGHT, MIDNIGHT + 24 * HOUR, 1_801_000)) {
        const { voltage, current, power_factor, active_power } = electrical(at);
        const apparent = voltage.a * current.a + voltage.b * current.b + voltage.c * current.c;
        should((apparent / 1000) * power_factor).be.approximately(
          active_power.total,
          0.02 + active_power.total * 0.005,
        );
      }
    });

    it('count as energy what their power comes to', () => {
      const from = MIDNIGHT + 5 * HOUR;
      const to = from + 3 * HOUR;
      const step = 1_000;
      const summed = every(from, to, step).reduce(
        (sum, at) => sum + (electrical(at).active_power.total * step) / HOUR,
        0,
      );
      const counted = electrical(to).energy.total - electrical(from).energy.total;
      should(counted).be.approximately(summed, summed * 0.02);
    });

    it('never count energy backwards, over a week and its midnights', () => {
      const totals = every(MIDNIGHT, MIDNIGHT + 8 * 24 * HOUR, 7 * 60_000).map(
        (at) => electrical(at).energy.total,
      );
      should(totals.every((total, index) => total >= (totals[index - 1] ?? 0))).be.true();
    });

    it('do one thing after the other on every day of every oven', () => {
      for (let number = 0; number < 300; number++) {
        const oven = ovenOf(SEED, `oven-${number}`);
        const begins = oven.days.work.map(({ begin }) => begin);
        should(begins).eql([...begins].sort((one, other) => one - other));
        should(ovenAt(oven, MIDNIGHT + 23.9 * HOUR).temperature).be.approximately(
          ovenAt(oven, MIDNIGHT).temperature,
          4,
        );
      }
    });
  });

  describe('of an oven with a weak heater, as the sample has one', () => {
    const weak = heatersOf(SEED, 'factory-a/oven/oven-001').weak;
    const thermal = sensor<Thermal>('thermal');
    const electrical = sensor<Electrical>('electrical');
    const zoneIs = (at: number) =>
      (thermal(at).temperature_zones[(weak?.zone ?? 0) - 1]?.value ?? 0) - thermal(at).setpoint;
    const during = (from: number, to: number) => every(MIDNIGHT + from * HOUR, MIDNIGHT + to * HOUR, 61_000);

    it('show it in one zone: it drifts below the setpoint during the shift, and is mended after it', () => {
      should(weak).be.ok();
      should(mean(during(6.2, 6.9).map(zoneIs))).be.above(-8);
      should(mean(during(16, 17).map(zoneIs))).be.below(-25);
      should(mean(during(23.5, 24).map(zoneIs))).be.above(-8);
      const others = thermal(MIDNIGHT + 16 * HOUR).temperature_zones.filter(
        ({ zone }) => zone !== weak?.zone,
      );
      for (const { value } of others) should(value).be.above(thermal(MIDNIGHT + 16 * HOUR).setpoint - 20);
    });

    it('show it in the current of its phase, which the others make up for', () => {
      const heating = during(16, 17).find((at) => thermal(at).heating_active) ?? 0;
      const { current } = electrical(heating);
      const [a, b, c] = [current.a, current.b, current.c];
      const ordered = [a, b, c].sort((one, other) => one - other);
      should([a, b, c].indexOf(ordered[0] ?? 0) + 1).equal(weak?.zone);
      should(ordered[0]).be.below((ordered[1] ?? 0) / 2);
    });
  });

  it('of one factory in four have a weak heater, by the seed', () => {
    const weak = Array.from({ length: 400 }, (_, number) => heatersOf(SEED, `oven-${number}`).weak).filter(
      Boolean,
    );
    weak.length.should.be.within(70, 130);
  });

  describe('of a hall', () => {
    const air = sensor<Environmental>('environmental', 'zone-a');
    const value = (name: keyof Environmental) => (at: number) => air(at)[name].value;
    const around = (hour: number, day = MIDNIGHT) =>
      every(day + (hour - 0.5) * HOUR, day + (hour + 0.5) * HOUR, 60_000);

    it('are warmer in the afternoon than before dawn, and drier for it', () => {
      should(mean(around(15).map(value('ambient_temperature')))).be.above(
        mean(around(4).map(value('ambient_temperature'))) + 3,
      );
      should(mean(around(15).map(value('humidity')))).be.below(mean(around(4).map(value('humidity'))));
    });

    it('fill with CO2 while people are there, and less in the break', () => {
      const co2 = (hour: number, day?: number) => mean(around(hour, day).map(value('co2')));
      co2(4).should.be.within(400, 450);
      co2(9).should.be.above(700);
      should(mean(every(MIDNIGHT + 10.4 * HOUR, MIDNIGHT + 10.5 * HOUR, 10_000).map(value('co2')))).be.below(
        co2(9.5),
      );
      co2(14, SUNDAY).should.be.within(400, 450);
    });

    it('change as air does: from one second to the next next to nothing', () => {
      for (const at of every(MIDNIGHT, MIDNIGHT + 24 * HOUR, 977_000)) {
        should(value('ambient_temperature')(at + 1000)).be.approximately(
          value('ambient_temperature')(at),
          0.5,
        );
        should(value('pressure')(at + 1000)).be.approximately(value('pressure')(at), 0.5);
      }
    });
  });

  it('of one factory share its mains', () => {
    const [one, other] = [sensor<Electrical>('electrical'), sensor<Electrical>('electrical', SOUND)];
    for (const at of every(MIDNIGHT, MIDNIGHT + HOUR, 61_000)) {
      should(one(at).frequency).equal(other(at).frequency);
      should(Math.abs(one(at).voltage.a - other(at).voltage.a)).be.below(6);
    }
  });
});
