import type { JsonObject } from '../../json/json';
import { readElectrical } from './electrical';
import { readEnvironmental } from './environmental';
import { readThermal } from './thermal';
import { type SensorPlace, type View, viewOf } from './view';

/** `measurements` of a telemetry payload. @param at milliseconds since the Unix epoch */
export type Read = (view: View, at: number) => JsonObject;

const READERS: Readonly<Record<string, Read>> = {
  electrical: readElectrical,
  thermal: readThermal,
  environmental: readEnvironmental,
};

/** Whether boards of this (canonical) sensor type can be simulated. */
export function isSimulated(sensorType: string): boolean {
  return Object.hasOwn(READERS, sensorType);
}

/** A sensor of the factory that the seed makes: what it reads at any moment. */
export function sensorOf(seed: number, place: SensorPlace): (at: number) => JsonObject {
  const read = READERS[place.sensorType];
  if (read === undefined) throw new RangeError(`no simulated sensor of type ${place.sensorType}`);
  const view = viewOf(seed, place);
  return (at) => read(view, at);
}
