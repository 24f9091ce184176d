import { createRequire } from 'node:module';
import type * as Codec from 'mqtt-packet';

/**
 * The packet codec of the `mqtt` package, taken from where that package finds it: the check needs what a client
 * library hides (withheld acknowledgements, refused logins, sessions cut off), and no dependency of its own.
 */
export const codec = createRequire(require.resolve('mqtt'))('mqtt-packet') as typeof Codec;

export type { IConnackPacket, IPublishPacket, Packet } from 'mqtt-packet';
