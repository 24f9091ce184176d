import type { SensorRef } from '../../topics/sensors';
import { type Heaters, heatersOf } from './heaters';
import { type Key, keyOf } from './noise';
import { type Oven, ovenOf } from './oven';

/** A board's place, and its name. */
export interface SensorPlace extends SensorRef {
  readonly deviceId: string;
}

/** What one board looks at. Boards of one equipment see the same oven, those of one factory the same weather. */
export interface View {
  readonly oven: Oven;
  readonly heaters: Heaters;
  /** A source of chance that everything in the factory shares. */
  factory(name: string): Key;
  /** One that the boards of the equipment share. */
  equipment(name: string): Key;
  /** The board's own: the noise of its sensors. */
  own(name: string): Key;
}

/** What the board at this place looks at, in the factory that the seed makes. */
export function viewOf(seed: number, { deviceId, factoryId, equipmentType, equipmentId }: SensorPlace): View {
  const equipment = `${factoryId}/${equipmentType}/${equipmentId}`;
  const keys = new Map<string, Key>();
  const key = (...names: string[]) => {
    const name = names.join('/');
    const known = keys.get(name) ?? keyOf(seed, name);
    keys.set(name, known);
    return known;
  };
  return {
    oven: ovenOf(seed, equipment),
    heaters: heatersOf(seed, equipment),
    factory: (name) => key(factoryId, name),
    equipment: (name) => key(equipment, name),
    own: (name) => key('device', deviceId, name),
  };
}
