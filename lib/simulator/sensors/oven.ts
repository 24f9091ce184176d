import { between, keyOf } from './noise';
import {
  approach,
  BREAK_MS,
  BREAKS,
  DAY_MS,
  HOUR_MS,
  INSTALLED_DAY,
  MINUTE_MS,
  momentOf,
  WORK_BEGINS,
  WORK_ENDS,
  workingDays,
} from './shifts';

/**
 * A heated machine that is switched on and off by its thermostat: full power warms it towards `REACH` times the
 * excess over the room that the setpoint asks for, without power it cools towards the room.
 */
export interface Oven {
  /** Degrees Celsius. */
  readonly setpoint: number;
  /** kW of its heating when it is on. */
  readonly power: number;
  /** How slowly it warms and cools, ms. */
  readonly inertia: number;
  /** Milliseconds between two loads, and from the shift to the first. */
  readonly loadEvery: number;
  readonly days: { readonly work: readonly Stretch[]; readonly rest: readonly Stretch[] };
}

/** What the oven does at a moment. */
export interface OvenState {
  readonly setpoint: number;
  /** Degrees Celsius, without the differences of its zones. */
  readonly temperature: number;
  readonly heating: boolean;
  /** kWh that its heating has taken since it was installed. */
  readonly energy: number;
}

/** A part of a day in which the oven does one thing. */
interface Stretch {
  readonly kind: 'heat' | 'cool' | 'hold';
  /** Milliseconds since midnight. */
  readonly begin: number;
  readonly setpoint: number;
  /** Temperature at the beginning. */
  readonly from: number;
  /** Milliseconds of heating since midnight, at the beginning. */
  readonly heated: number;
}

export const ROOM = 22;
/** Its own share of the setpoint that it is held at between the shifts. */
const STANDBY = 0.45;
const REACH = 2.2;
/** The thermostat switches this far below and above the setpoint. */
const HYSTERESIS = 1.5;
/** A cold load takes so many degrees. */
const LOAD_DROP = 14;
/** The oven is made warm before people come. */
const PREHEAT_MS = 30 * MINUTE_MS;

type Physics = Pick<Oven, 'inertia'>;

/** The oven that the seed gives a piece of equipment. */
export function ovenOf(seed: number, equipment: string): Oven {
  const chance = (name: string, low: number, high: number) =>
    between(low, high, keyOf(seed, equipment, 'oven', name));
  const oven = {
    setpoint: 170 + 5 * Math.floor(chance('setpoint', 0, 9)),
    power: chance('power', 28, 60),
    inertia: chance('inertia', 40, 60) * MINUTE_MS,
    loadEvery: Math.round(chance('load', 20, 40)) * MINUTE_MS,
  };
  return { ...oven, days: { work: workingDay(oven), rest: [standbyFrom(0, oven.setpoint)] } };
}

/** @param at milliseconds since the Unix epoch */
export function ovenAt(oven: Oven, at: number): OvenState {
  const { day, time, works } = momentOf(at);
  const { work, rest } = oven.days;
  const { stretch, temperature, heating, heated } = stateAt(works ? work : rest, oven, time);
  const before = workingDays(INSTALLED_DAY, day);
  const rested = day - INSTALLED_DAY - before;
  const total = before * heatedIn(work, oven) + rested * heatedIn(rest, oven) + heated;
  return { setpoint: stretch.setpoint, temperature, heating, energy: (oven.power * total) / HOUR_MS };
}

function heatedIn(day: readonly Stretch[], oven: Physics): number {
  return stateAt(day, oven, DAY_MS).heated;
}

function stateAt(day: readonly Stretch[], oven: Physics, time: number) {
  const stretch = day.findLast(({ begin }) => begin <= time) ?? day[0];
  if (stretch === undefined) throw new RangeError('a day without stretches');
  const elapsed = time - stretch.begin;
  const { temperature, heating, heated } = within(stretch, oven, elapsed);
  return { stretch, temperature, heating, heated: stretch.heated + heated };
}

/** @returns with `heated` the milliseconds of heating in this stretch so far */
function within({ kind, from, setpoint }: Stretch, oven: Physics, elapsed: number) {
  if (kind === 'heat') {
    return {
      temperature: approach(from, hottest(setpoint), elapsed, oven.inertia),
      heating: true,
      heated: elapsed,
    };
  }
  if (kind === 'cool') {
    return { temperature: approach(from, ROOM, elapsed, oven.inertia), heating: false, heated: 0 };
  }
  const { falls, rises } = cycleOf(setpoint, oven);
  const phase = elapsed % (falls + rises);
  const whole = ((elapsed - phase) / (falls + rises)) * rises;
  const heating = phase >= falls;
  const rising = heating ? phase - falls : 0;
  const swing = 2 * HYSTERESIS;
  const deviation = heating ? -HYSTERESIS + (swing * rising) / rises : HYSTERESIS - (swing * phase) / falls;
  return { temperature: setpoint + deviation, heating, heated: whole + rising };
}

/** How long the thermostat leaves the heating off and on while it holds the setpoint, ms. */
function cycleOf(setpoint: number, { inertia }: Physics) {
  const excess = setpoint - ROOM;
  return {
    falls: (2 * HYSTERESIS * inertia) / excess,
    rises: (2 * HYSTERESIS * inertia) / (hottest(setpoint) - setpoint),
  };
}

function hottest(setpoint: number): number {
  return ROOM + REACH * (setpoint - ROOM);
}

function standbyOf(setpoint: number): number {
  return ROOM + STANDBY * (setpoint - ROOM);
}

function standbyFrom(begin: number, setpoint: number): Stretch {
  const standby = standbyOf(setpoint);
  return { kind: 'hold', begin, setpoint: standby, from: standby + HYSTERESIS, heated: 0 };
}

/** Standby, warming up, a load every so often except in the breaks, and cooling down to standby. */
function workingDay(oven: Pick<Oven, 'setpoint' | 'inertia' | 'loadEvery'>): Stretch[] {
  const { setpoint, loadEvery } = oven;
  const day = [standbyFrom(0, setpoint)];
  follow(day, oven, WORK_BEGINS - PREHEAT_MS, setpoint, 0);
  for (let load = WORK_BEGINS + loadEvery; load < WORK_ENDS - PREHEAT_MS; load += loadEvery) {
    const pauses = BREAKS.some((begin) => load >= begin && load < begin + BREAK_MS);
    if (!pauses) follow(day, oven, load, setpoint, LOAD_DROP);
  }
  follow(day, oven, WORK_ENDS, standbyOf(setpoint), 0);
  return day;
}

/** From `begin` on the setpoint is another one, or a load has made it colder: warms or cools up to it, and holds it. */
function follow(day: Stretch[], oven: Physics, begin: number, setpoint: number, drop: number): void {
  const { temperature, heated } = stateAt(day, oven, begin);
  const from = temperature - drop;
  const upper = setpoint + HYSTERESIS;
  const kind = from < upper ? 'heat' : 'cool';
  const towards = kind === 'heat' ? hottest(setpoint) : ROOM;
  const takes = oven.inertia * Math.log((towards - from) / (towards - upper));
  day.push({ kind, begin, setpoint, from, heated });
  day.push({
    kind: 'hold',
    begin: begin + takes,
    setpoint,
    from: upper,
    heated: heated + (kind === 'heat' ? takes : 0),
  });
}
