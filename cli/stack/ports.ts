import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EgizError } from '../../lib/errors/egiz-error';
import { writeFileAtomic } from '../../lib/files/atomic';
import { readLock, removeStale, tryClaim } from '../../lib/processes/claim';
import { identify, isRunning } from '../../lib/processes/identity';

export const LOOPBACK = '127.0.0.1';

/** What listens, with the port it would like (SPEC 6). */
export const PREFERRED = {
  http: 1880,
  mqtts: 8883,
  mqttsClients: 8884,
  mqttsServices: 8885,
  metrics: 9464,
  influxdb: 8086,
  archiveMetrics: 9273,
  auditMetrics: 9465,
} as const;
export type PortName = keyof typeof PREFERRED;
export type Ports = Readonly<Record<PortName, number>>;

export interface ReplacedPort {
  readonly name: PortName;
  readonly wanted: number;
  readonly port: number;
}

const NAMES = Object.keys(PREFERRED) as PortName[];
const OF_THE_ARCHIVE: readonly PortName[] = ['influxdb', 'archiveMetrics', 'auditMetrics'];
/** Of a start that archives nothing. */
export const WITHOUT_ARCHIVE = NAMES.filter((name) => !OF_THE_ARCHIVE.includes(name));
/** Tries for a free port before the machine is said to have none. */
const MAX_TRIES = 200;
/** From one try to the next: 8893 for a taken 8883, so that the ports of one start keep their places. */
const STEP = 10;
const HIGHEST = 65_535;

/**
 * Ports are claimed in a directory all starts of this user share, so that two that begin at the same moment
 * do not choose the same free port. The claims of processes that are gone count for nothing.
 */
export class PortClaims {
  private readonly held: string[] = [];

  constructor(private readonly directory = join(tmpdir(), `openegiz-ports-${process.getuid?.() ?? 0}`)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** The port wanted, or a free one above it. */
  async claim(wanted: number): Promise<number> {
    for (let port = wanted; port < wanted + MAX_TRIES * STEP && port <= HIGHEST; port += STEP) {
      if (!this.take(port)) continue;
      if (await isFree(port)) return port;
      this.drop(port);
    }
    throw new EgizError('NO_FREE_PORT', `No free port from ${wanted} on`, {
      id: String(wanted),
      mend: 'Stop something that listens there.',
    });
  }

  release(): void {
    for (const file of this.held.splice(0)) rmSync(file, { force: true });
  }

  private take(port: number): boolean {
    const file = this.fileOf(port);
    const owner = identify(process.pid) ?? { pid: process.pid, startedAt: '' };
    if (!tryClaim(file, owner)) {
      const other = readLock(file);
      if (other !== undefined && isRunning(other)) return false;
      removeStale(file);
      if (!tryClaim(file, owner)) return false;
    }
    this.held.push(file);
    return true;
  }

  private drop(port: number): void {
    rmSync(this.fileOf(port), { force: true });
    this.held.splice(this.held.indexOf(this.fileOf(port)), 1);
  }

  private fileOf(port: number): string {
    return join(this.directory, String(port));
  }
}

/**
 * Chooses a port for everything that listens, those of the last start first, and remembers the choice.
 * @param names what does listen; the others keep theirs for another start
 */
export async function choosePorts(
  portsFile: string,
  claims: PortClaims,
  names: readonly PortName[] = NAMES,
): Promise<{ ports: Ports; replaced: ReplacedPort[] }> {
  const ports: Record<PortName, number> = { ...PREFERRED, ...readPorts(portsFile) };
  const replaced: ReplacedPort[] = [];
  for (const name of names) {
    const wanted = ports[name];
    ports[name] = await claims.claim(wanted);
    if (ports[name] !== wanted) replaced.push({ name, wanted, port: ports[name] });
  }
  writeFileAtomic(portsFile, `${JSON.stringify(ports)}\n`);
  return { ports, replaced };
}

function readPorts(file: string): Partial<Record<PortName, number>> {
  if (!existsSync(file)) return {};
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const valid = NAMES.map((name) => [name, found[name]] as const).filter(([, port]) => isPort(port));
    return Object.fromEntries(valid);
  } catch {
    return {};
  }
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= HIGHEST;
}

/** Free on every interface: a listener on another address would still confuse who connects by name. */
async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, LOOPBACK)) && (await canListen(port, undefined));
}

function canListen(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => server.close(() => resolve(true)));
  });
}
