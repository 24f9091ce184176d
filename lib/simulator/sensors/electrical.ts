import type { JsonObject } from '../../json/json';
import { powerShares } from './heaters';
import { drift, gaussian } from './noise';
import { ovenAt } from './oven';
import { rounded } from './rounding';
import { approach, DAY_MS, HOUR_MS, INSTALLED_DAY, MINUTE_MS, momentOf, PRESENCE } from './shifts';
import type { View } from './view';

const NOMINAL_VOLTS = 230;
/** What the mains lose while the factory works, V. */
const SAG = 3;
/** What the cable to the equipment loses, V for each ampere. */
const CABLE = 0.015;
/** Fans and controls: they always run. kW and kvar of all phases. */
const FANS = { power: 1.6, reactive: 1.2 } as const;

/** Three phases of a heated machine: its heaters, one a phase, and its fans. */
export function readElectrical(view: View, at: number): JsonObject {
  const { oven, heaters } = view;
  const { heating, energy } = ovenAt(oven, at);
  const volts = mains(view, at);
  const phases = powerShares(heaters, at).map((share, index) => {
    const noise = (name: string) => gaussian(view.own(`${name} ${index}`), at);
    const heat = heating ? oven.power * share * (1 + 0.003 * noise('heat')) : 0;
    const power = heat + (FANS.power / 3) * (1 + 0.01 * noise('fan'));
    const apparent = Math.hypot(power, FANS.reactive / 3);
    const open = volts + 0.2 * noise('volts');
    const voltage = open - CABLE * ((1000 * apparent) / open);
    return { power, apparent, voltage, current: (1000 * apparent) / voltage };
  });
  const sum = (name: 'power' | 'apparent') => phases.reduce((total, phase) => total + phase[name], 0);
  const byPhase = (name: 'voltage' | 'current', decimals: number) => {
    const [a = 0, b = 0, c = 0] = phases.map((phase) => rounded(phase[name], decimals));
    return { a, b, c };
  };
  const total = energy + (FANS.power * (at - INSTALLED_DAY * DAY_MS)) / HOUR_MS;
  return {
    voltage: { ...byPhase('voltage', 1), unit: 'V' },
    current: { ...byPhase('current', 3), unit: 'A' },
    power_factor: rounded(sum('power') / sum('apparent'), 3),
    active_power: { total: rounded(sum('power'), 4), unit: 'kW' },
    energy: { total: rounded(total, 2), unit: 'kWh' },
    frequency: rounded(frequency(view, at), 2),
  };
}

/** The factory's mains: lower while it works, and never quite still. */
function mains({ factory }: View, at: number): number {
  const wander =
    1.2 * drift(factory('mains'), at, 4 * MINUTE_MS) + 1.5 * drift(factory('grid'), at, 2 * HOUR_MS);
  return NOMINAL_VOLTS - SAG * busy(at) + wander;
}

function frequency({ factory }: View, at: number): number {
  const key = factory('frequency');
  return 50 + 0.02 * drift(key, at, 20_000) + 0.03 * drift(key, at, 15 * MINUTE_MS);
}

/** How busy the factory is, from 0 to 1; machines follow people within some minutes. */
function busy(at: number): number {
  const { time, works } = momentOf(at);
  if (!works) return 0;
  const last = PRESENCE.findLastIndex(([begin]) => begin <= time);
  const [begin, share] = PRESENCE[last] ?? [0, 0];
  const [, before] = PRESENCE[last - 1] ?? [0, 0];
  return approach(before, share, time - begin, 5 * MINUTE_MS);
}
