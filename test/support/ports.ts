import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that the system gives to outgoing connections, also with 10,000 added. */
const [LOWEST, HIGHEST] = [10_000, 22_000];

/** A port with the given distances to others, all of which nobody listens on. */
export async function freeBlock(offsets: readonly number[]): Promise<number> {
  for (;;) {
    const base = randomInt(LOWEST, HIGHEST);
    const free = await Promise.all(offsets.map((offset) => isFree(base + offset)));
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
