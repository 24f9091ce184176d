import type { JsonObject } from '../../json/json';
import { between, drift, gaussian } from './noise';
import { rounded } from './rounding';
import { approach, DAY_MS, HOUR_MS, MINUTE_MS, momentOf, PRESENCE } from './shifts';
import type { View } from './view';

/** Warmest in the afternoon. */
const WARMEST = 15 * HOUR_MS;
/** Degrees between the day's mean and its warmest, outside; and of people and machines at work. */
const DAY_SWING = 3;
const WORK_WARMS = 2;
/** Outside air, and what people add in a hall that is aired, ppm. */
const FRESH_CO2 = 420;
const PEOPLE_CO2 = 520;
/** How slowly the air and the warmth of a hall follow. */
const AIR_MS = 40 * MINUTE_MS;
const WARMTH_MS = 90 * MINUTE_MS;

/** The air of a hall: the day outside, people and machines in it, and the factory's weather. */
export function readEnvironmental(view: View, at: number): JsonObject {
  const { equipment, own } = view;
  const noise = (name: string, deviation: number) => deviation * gaussian(own(name), at);
  const crowd = between(0.7, 1.3, equipment('people'));
  const temperature =
    outside(view, at) + between(-1, 1.5, equipment('place')) + WORK_WARMS * people(at, WARMTH_MS);
  const dewPoint = 9 + 3 * drift(view.factory('dew'), at, 18 * HOUR_MS);
  const co2 = FRESH_CO2 + PEOPLE_CO2 * crowd * people(at, AIR_MS);
  const value = (number: number, decimals: number, unit: string) => ({
    value: rounded(number, decimals),
    unit,
  });
  return {
    ambient_temperature: value(temperature + noise('temperature', 0.05), 2, 'C'),
    humidity: value(humidity(temperature, dewPoint) + noise('humidity', 0.2), 2, '%RH'),
    pressure: value(pressure(view, at) + noise('pressure', 0.04), 2, 'hPa'),
    co2: value(co2 + noise('co2', 4), 0, 'ppm'),
  };
}

/** What the hall has from outside: the day's curve, flattened by its walls, and the weather. */
function outside({ factory }: View, at: number): number {
  const day = Math.cos((2 * Math.PI * (momentOf(at).time - WARMEST)) / DAY_MS);
  return 20 + DAY_SWING * day + 2 * drift(factory('weather'), at, 2 * DAY_MS);
}

function pressure({ factory }: View, at: number): number {
  const height = between(0, 25, factory('height'));
  return 1014 - height + 12 * drift(factory('pressure'), at, 1.5 * DAY_MS);
}

/** Percent, of air with this dew point (Magnus formula). */
function humidity(temperature: number, dewPoint: number): number {
  const saturation = (t: number) => Math.exp((17.62 * t) / (243.12 + t));
  return Math.min(100, (100 * saturation(dewPoint)) / saturation(temperature));
}

/** What people leave in the hall, from 0 to 1: it follows them with a delay, and reaches into the next day. */
function people(at: number, delay: number): number {
  const { day, time, works } = momentOf(at);
  const yesterday = momentOf((day - 1) * DAY_MS).works ? followed(DAY_MS, delay, 0) : 0;
  return works ? followed(time, delay, yesterday) : approach(yesterday, 0, time, delay);
}

function followed(time: number, delay: number, atMidnight: number): number {
  let level = atMidnight;
  for (const [index, [begin, share]] of PRESENCE.entries()) {
    if (begin > time) break;
    const [end] = PRESENCE[index + 1] ?? [DAY_MS];
    level = approach(level, share, Math.min(end, time) - begin, delay);
  }
  return level;
}
