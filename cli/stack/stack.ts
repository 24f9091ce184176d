import { mkdirSync } from 'node:fs';
import type { Archive } from '../../lib/archive/setup';
import { brokerLimits } from '../../lib/broker/sizing';
import { EgizError } from '../../lib/errors/egiz-error';
import { writeFileAtomic } from '../../lib/files/atomic';
import { clientsOf, devicesOf, type Inventory } from '../../lib/inventory/inventory';
import { type PreparedAccess, prepareAccess, withOwnServices } from './access';
import {
  ARCHIVE_SERVICES,
  type ArchivePrograms,
  archivePrograms,
  auditorService,
  influxdbService,
  setUp,
  telegrafService,
} from './archive';
import { BOARD_SERVICES, boardServices } from './boards';
import { refreshRevocationLists, warnOfExpiry } from './expiry';
import { provideGuard } from './guard';
import type { HomePaths } from './home';
import { isAtLeast, type Level } from './log';
import { brokerPidFile, checkMosquitto, mosquittoService } from './mosquitto';
import { nodeRedService, prepareNodeRed, webUrls } from './node-red';
import type { StartOptions } from './options';
import { provideMosquitto } from './packages';
import { choosePorts, LOOPBACK, PortClaims, type Ports, WITHOUT_ARCHIVE } from './ports';
import { type ArchiveEntry, type Ready, removeReady, writeReady } from './ready';
import {
  ensureLogins,
  forgetTokens,
  type Logins,
  mintTokens,
  TOKEN_REFRESH_MS,
  type TokenFiles,
} from './secrets';
import { endLeftovers, Service, type ServiceEvent, type ServiceSpec } from './service';
import { playedCount, simulatedDevices, simulatorService } from './simulator';
import { type Played, summaryLines } from './summary';
import type { View } from './view';
import { buildVirtualBoard, virtualBoardPaths } from './virtual-board';

/** In the order they are started; they are stopped in the opposite one. */
const SERVICE_NAMES = ['mosquitto', ...ARCHIVE_SERVICES, 'node-red', 'simulator', ...BOARD_SERVICES] as const;
/** SPEC 6 gives 10 s to stop everything: first these together, */
const OTHERS_GRACE_MS = 5_000;
/** then the broker, which writes its sessions and queues. */
const BROKER_GRACE_MS = 3_000;
/** A first start on a slow machine may take this long to answer. */
const READY_TIMEOUT_MS = 90_000;
/** A thousand simulated ones are spread over ten seconds; the start need not wait for a straggler. */
const SIMULATED_TIMEOUT_MS = 20_000;

/** Everything chosen and made before the first service starts. */
interface Prepared {
  readonly inventory: Inventory;
  readonly ports: Ports;
  readonly access: PreparedAccess;
  readonly logins: Logins;
  readonly tokens: TokenFiles;
  readonly jwksFile: string;
}

/** The services of one start, from nothing to answering and back. */
export class Stack {
  private readonly services: Service[] = [];
  private readonly claims = new PortClaims();
  private refresh: NodeJS.Timeout | undefined;
  private stopping = false;
  /** Rewritten when a service has got another process; undefined until everything has answered. */
  private ready: Ready | undefined;

  constructor(
    private readonly options: StartOptions,
    private readonly paths: HomePaths,
    private readonly view: View,
  ) {}

  /** @throws EgizError when a part cannot be made or does not answer */
  async bringUp(given: Inventory): Promise<void> {
    mkdirSync(this.paths.home, { recursive: true, mode: 0o700 });
    removeReady(this.paths.readyFile);
    for (const name of await endLeftovers(this.paths.runDirectory, SERVICE_NAMES)) {
      this.view.say(`Ended ${name}, left running by a start that was killed`, 'warning');
    }
    const say = (text: string, level?: Level) => this.view.say(text, level);
    const program = await provideMosquitto(this.paths.packagesDirectory, say);
    const version = checkMosquitto(program);
    this.view.say(`Data directory ${this.paths.home}, Mosquitto ${version}`);
    const pluginFile = await provideGuard(say);
    const board = await this.provideBoard(given);
    const programs = await archivePrograms(this.options.archive, given, say);
    const prepared = await this.prepare(given, programs !== undefined);
    const { access, ports, inventory } = prepared;
    const broker = { program, version, pluginFile, limits: brokerLimits(inventory) };
    await this.run(mosquittoService(broker, this.paths, ports, access));
    // Before anybody publishes: what came earlier would not be archived.
    const archive = programs === undefined ? undefined : await this.runArchive(programs, prepared);
    this.sayFlows(prepareNodeRed(this.paths));
    await this.run(nodeRedService({ paths: this.paths, ...prepared, https: this.options.https }));
    const played = this.played(inventory);
    await this.simulate(played, prepared);
    if (board !== undefined) await this.runBoards(board, played.boards.count, prepared);
    if (this.stopping) return;
    this.ready = this.describe(prepared, archive);
    writeReady(this.paths.readyFile, this.ready);
    this.view.summary(summaryLines(this.ready, prepared.inventory, played), this.ready);
    warnOfExpiry(this.paths.pkiDirectory, prepared.inventory, this.view);
    this.refresh = setInterval(() => void this.refreshSecrets(prepared.inventory), TOKEN_REFRESH_MS);
  }

  /** Ends the services, the last first. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.refresh);
    this.ready = undefined;
    removeReady(this.paths.readyFile);
    const broker = this.services.filter(({ spec }) => spec.name === 'mosquitto');
    const others = this.services.filter(({ spec }) => spec.name !== 'mosquitto');
    // The broker last, so that the others can still say that they leave.
    await Promise.all(others.map((service) => service.stop(OTHERS_GRACE_MS)));
    await Promise.all(broker.map((service) => service.stop(BROKER_GRACE_MS)));
    this.claims.release();
    this.view.say('Stopped');
  }

  private async prepare(given: Inventory, archives: boolean): Promise<Prepared> {
    const { inventory, added } = withOwnServices(given);
    for (const { id, role } of added) {
      this.view.say(`Added the service account "${id}" (role ${role}): the inventory has none for Node-RED`);
    }
    const { ports, replaced } = await choosePorts(
      this.paths.portsFile,
      this.claims,
      archives ? undefined : WITHOUT_ARCHIVE,
    );
    for (const { name, wanted, port } of replaced) {
      this.view.say(`Port ${wanted} (${name}) is taken: using ${port}`, 'warning');
    }
    writeFileAtomic(this.paths.inventoryFile, `${JSON.stringify(inventory, null, 2)}\n`, 0o600);
    const access = await prepareAccess(inventory, this.paths, ports);
    const { accountsAdded, accountsRemoved } = access.generated.diff;
    this.view.say(
      `${access.accounts.size} accounts (${accountsAdded.length} new, ${accountsRemoved.length} removed)`,
    );
    forgetTokens(this.paths);
    const { tokens, jwksFile } = await mintTokens(inventory, this.paths);
    return { inventory, ports, access, logins: ensureLogins(this.paths), tokens, jwksFile };
  }

  /** Starts a service and waits until it answers. */
  private async run(spec: ServiceSpec): Promise<void> {
    if (this.stopping) return;
    const service = this.launch(spec);
    if ((await service.ready(READY_TIMEOUT_MS)) || this.stopping) return;
    throw new EgizError('SERVICE_NOT_READY', `${spec.name} does not come up`, {
      id: spec.name,
      mend: `Its last lines, from ${service.log.file}:\n${service.lastLines.map((line) => `    ${line}`).join('\n')}`,
    });
  }

  private async runArchive(programs: ArchivePrograms, prepared: Prepared): Promise<Archive | undefined> {
    const { inventory, access, ports } = prepared;
    await this.run(influxdbService(programs.influxd, this.paths, ports));
    if (this.stopping) return undefined;
    const archive = await setUp(this.paths, ports, (text) => this.view.say(text));
    await this.run(telegrafService(programs, archive, inventory, access, this.paths, ports));
    await this.run(auditorService(archive, this.paths, ports));
    return archive;
  }

  private launch(spec: ServiceSpec): Service {
    const directories = { run: this.paths.runDirectory, logs: this.paths.logDirectory };
    const service: Service = new Service(spec, directories, {
      onEvent: (event) => this.onEvent(service, event),
      onLine: (level, line) => {
        if (isAtLeast(level, spec.shownFrom)) this.view.relay(spec.name, level, line);
      },
    });
    this.services.push(service);
    this.view.say(`Starting ${spec.name} …`);
    service.start();
    return service;
  }

  /** How many of the inventory's clients and boards this start plays; says when fewer are there than were asked for. */
  private played(inventory: Inventory): Played {
    const { clients, boards, isSample } = this.options;
    const devices = boards.kind === 'virtual' ? devicesOf(inventory) : simulatedDevices(inventory);
    const count = (what: string, available: number, asked: number | undefined) => {
      if (asked !== undefined && asked > available)
        this.view.say(`The inventory has only ${available} ${what}, not ${asked}`, 'warning');
      return playedCount(available, asked, isSample);
    };
    return {
      clients: count('clients to simulate', clientsOf(inventory).length, clients),
      boards: {
        kind: boards.kind,
        count: count(`boards to be ${boards.kind}`, devices.length, boards.count),
      },
    };
  }

  private async simulate({ clients, boards }: Played, { inventory, access }: Prepared): Promise<void> {
    const simulated = {
      clients,
      boards: boards.kind === 'simulated' ? boards.count : 0,
      seed: this.options.seed,
    };
    const count = simulated.clients + simulated.boards;
    if (count === 0 || this.stopping) return;
    const simulator = this.launch(simulatorService(inventory, simulated, access, this.paths));
    if (!(await simulator.ready(SIMULATED_TIMEOUT_MS)) && !this.stopping) {
      this.view.say(`Not all ${count} that are simulated are connected yet; they go on trying`, 'warning');
    }
  }

  /** The program of the virtual boards, or undefined when none are wanted. */
  private async provideBoard(inventory: Inventory): Promise<string | undefined> {
    const { kind, count } = this.options.boards;
    if (kind !== 'virtual' || count === 0 || devicesOf(inventory).length === 0) return undefined;
    return buildVirtualBoard(virtualBoardPaths(), (text) => this.view.say(text));
  }

  private async runBoards(program: string, count: number, { inventory, access }: Prepared): Promise<void> {
    for (const spec of boardServices(program, inventory, count, access, this.paths)) await this.run(spec);
  }

  private onEvent({ spec, pid }: Service, event: ServiceEvent): void {
    if (event.kind === 'ready') this.view.say(`${spec.name} is up (${(event.afterMs / 1000).toFixed(1)} s)`);
    if (event.kind === 'died') {
      const again = `starting it again in ${event.againInMs / 1000} s (restart ${event.restarts})`;
      this.view.say(`${spec.name} ${event.how}; ${again}`, 'error', {
        service: spec.name,
        restarts: event.restarts,
      });
    }
    if (event.kind !== 'started' || this.ready === undefined || pid === undefined) return;
    const entry = this.ready.services[spec.name];
    if (entry === undefined) return;
    this.ready = { ...this.ready, services: { ...this.ready.services, [spec.name]: { ...entry, pid } } };
    writeReady(this.paths.readyFile, this.ready);
  }

  private describe({ ports, access, logins, tokens }: Prepared, archive: Archive | undefined): Ready {
    const services = this.services.map(({ spec, pid, log }) => [
      spec.name,
      { pid: pid ?? 0, ...(spec.port === undefined ? {} : { port: spec.port }), logFile: log.file },
    ]);
    return {
      pid: process.pid,
      ...webUrls(ports, this.options.https),
      mqtt: { url: `mqtts://${LOOPBACK}:${ports.mqtts}`, caFile: access.pki.caFile },
      ...(archive === undefined ? {} : { influx: readableBy(archive) }),
      logins,
      tokens,
      accounts: Object.fromEntries(access.accounts),
      services: Object.fromEntries(services),
    };
  }

  private sayFlows(outcome: ReturnType<typeof prepareNodeRed>): void {
    if (outcome === 'written') this.view.say('Flows written from the shipped ones');
    if (outcome === 'kept')
      this.view.say('Your edited flows are kept; newer shipped ones are in flows/', 'warning');
  }

  /** Tokens, revocation lists, and a word on certificates: what runs out while the start stays up. */
  private async refreshSecrets(inventory: Inventory): Promise<void> {
    const { pkiDirectory } = this.paths;
    try {
      await mintTokens(inventory, this.paths);
      await refreshRevocationLists(pkiDirectory, brokerPidFile(this.paths));
      warnOfExpiry(pkiDirectory, inventory, this.view);
    } catch (fault) {
      this.view.say(`Tokens and certificates could not be looked after: ${fault}`, 'error');
    }
  }
}

/** SPEC 6: where the archive is, with a token that reads and does nothing else. */
function readableBy({ url, org, bucket, tokens }: Archive): ArchiveEntry {
  return { url, org, bucket, tokenFile: tokens.grafana };
}
