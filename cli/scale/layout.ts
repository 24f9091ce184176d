import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PREFERRED_PORTS } from '../../lib/broker/mosquitto-conf';
import { EgizError } from '../../lib/errors/egiz-error';
import { isJsonObject } from '../../lib/json/json';
import type { ShardAddress, ShardLogin } from '../../lib/scale/haproxy';
import type { Assignment } from '../../lib/scale/shards';

export interface ScaleOptions {
  readonly shards: number;
  /** Where everything is written, and read by brokers and proxy. */
  readonly directory: string;
  readonly domain: string;
  /** `ca.crt`, `services-ca.crt`, `server.crt`, `server.key`. */
  readonly certificates: string;
  /** The guard plugin's shared object; absent: none is loaded. */
  readonly plugin?: string;
  /** The system user of the brokers. */
  readonly user: string;
  /** One a shard, where the brokers are on machines of their own; absent: all here, on ports of their own. */
  readonly addresses?: readonly string[];
  /** Of the proxy, for 8883; the others follow. */
  readonly port: number;
  readonly mosquitto: string;
}

/** From one shard to the next on one machine: 18883, 18893, … */
const STEP = 10;
const LOOPBACK = '127.0.0.1';
/** Brokers on the proxy's machine listen that much higher than it does. */
const SHIFT = 10_000;

export function portsFrom(port: number): Record<ShardLogin, number> {
  return { password: port, 'client-certificate': port + 1, 'service-certificate': port + 2 };
}

export function addressOf(options: ScaleOptions, name: string, index: number): ShardAddress {
  const address = options.addresses?.[index];
  return address === undefined
    ? { name, address: LOOPBACK, ports: portsFrom(options.port + SHIFT + index * STEP) }
    : { name, address, ports: portsFrom(PREFERRED_PORTS.password) };
}

const ASSIGNMENT = 'shards.json';

/** @throws EgizError `SHARDS_UNREADABLE`: without it factories could move, and leave their sessions behind */
export function readAssignment(directory: string): Assignment {
  const file = join(directory, ASSIGNMENT);
  if (!existsSync(file)) return new Map();
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isJsonObject(found)) return new Map(Object.entries(found).map(([key, name]) => [key, String(name)]));
  } catch {
    // Falls through to the same message as a file with something else in it.
  }
  throw new EgizError('SHARDS_UNREADABLE', `${file} does not say which factory is where`, {
    id: file,
    mend: 'Bring it back from a backup; or remove it, and all sessions with it.',
  });
}

export function assignmentText(assignment: Assignment): string {
  return `${JSON.stringify(Object.fromEntries(assignment), null, 2)}\n`;
}

export const assignmentFile = (directory: string) => join(directory, ASSIGNMENT);
