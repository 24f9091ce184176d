import type { JsonObject } from '../../json/json';
import { HEATERS, zoneDifference } from './heaters';
import { gaussian } from './noise';
import { ovenAt } from './oven';
import { rounded } from './rounding';
import type { View } from './view';

/** Deviation of a thermocouple, degrees. */
const NOISE = 0.15;

/** The zones of an oven, its setpoint and whether it heats. */
export function readThermal({ oven, heaters, own }: View, at: number): JsonObject {
  const state = ovenAt(oven, at);
  const zones = HEATERS.map((zone) => {
    const noise = NOISE * gaussian(own(`zone ${zone}`), at);
    const value = state.temperature + zoneDifference(heaters, zone, at, state) + noise;
    return { zone, value: rounded(value, 1), unit: 'C' };
  });
  return {
    temperature_zones: zones,
    setpoint: rounded(state.setpoint, 1),
    heating_active: state.heating,
  };
}
