import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that the system gives to outgoing connections, also with 10,000 added. */
const [LOWEST, HIGHEST] = [10_000, 22_000];

/** Given out by this process: two that ask for a port before they listen must not get the same. */
const given = new Set<number>();

/** A port of 127.0.0.1 nobody listens on at this moment, and nobody else here has been given. */
export function freePort(): Promise<number> {
  return freeBlock([0]);
}

/** A port with the given distances to others, all of which nobody listens on. */
export async function freeBlock(offsets: readonly number[]): Promise<number> {
  for (;;) {
    const base = randomInt(LOWEST, HIGHEST);
    const ports = offsets.map((offset) => base + offset);
    if (ports.some((port) => given.has(port))) continue;
    for (const port of ports) given.add(port);
    const free = await Promise.all(ports.map(isFree));
    if (free.every((one) => one)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
