import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ConfigurationSchemas } from '../commands/schemas';
import { EdgeClient, type EdgeProgress } from '../edge/client';
import { StateFile, StateInMemory } from '../edge/state-file';
import type { EgizError } from '../errors/egiz-error';
import { connectMqtt } from '../mqtt/connection';
import type { LinkState, MqttLink } from '../mqtt/link';
import { type Clock, systemClock } from '../time/clock';
import { clientAccount } from '../topics/clients';
import { type BoardAccount, type ClientAccount, loginOf } from './account';
import { genericClient } from './generic';
import type { Machine, MachineType } from './machine';
import { opcCoreClient } from './opc-core-client';
import { SimulatedBoard } from './sensors/board';
import { signalTower } from './signal-tower';

export interface SimulatorOptions {
  readonly clients: readonly ClientAccount[];
  readonly boards: readonly BoardAccount[];
  /** What boards measure: the same seed gives the same at the same time. */
  readonly seed: number;
  /** One file a client or board; absent: their memory ends with the process. */
  readonly stateDirectory?: string;
  /** Settings of the types they know are checked, as a real client does. */
  readonly schemas: ConfigurationSchemas;
  /** They start at random moments of this time, so that a thousand do not knock at once. */
  readonly spreadMs?: number;
  /** Milliseconds between two telemetry messages of a board, in place of those of its kind and configuration. */
  readonly telemetryMs?: number;
  readonly onState?: (account: string, state: LinkState) => void;
  readonly onProgress?: (account: string, progress: EdgeProgress) => void;
  /** The broker has acknowledged a board's telemetry message. */
  readonly onAcknowledged?: (account: string, seq: number) => void;
  readonly onWarning?: (account: string, warning: EgizError) => void;
  readonly clock?: Clock;
  /** A number from 0 up to 1. */
  readonly random?: () => number;
}

export interface Simulator {
  /** Ends every client and board as a real one ends; their wills say offline. */
  close(): Promise<void>;
}

/** Every type that is simulated in particular. */
const TYPES: Readonly<Record<string, MachineType>> = {
  'opc-core-client': opcCoreClient,
  'signal-tower': signalTower,
};

const SPREAD_MS_EACH = 10;
const MAX_SPREAD_MS = 10_000;
const SESSION_SECONDS = 86_400;

/** Plays clients and boards of the inventory over real MQTT: clients with the code of a real edge client. */
export function startSimulator(options: SimulatorOptions): Simulator {
  const { clients, boards, clock = systemClock, random = Math.random } = options;
  const makers = [
    ...clients.map((account) => () => new SimulatedClient(account, options)),
    ...boards.map((account) => () => simulatedBoard(account, options)),
  ];
  const spread = options.spreadMs ?? Math.min(makers.length * SPREAD_MS_EACH, MAX_SPREAD_MS);
  const running = new Set<Simulator>();
  const starts = makers.map((make) => clock.after(random() * spread, () => running.add(make())));
  return {
    async close() {
      for (const cancel of starts) cancel();
      await Promise.all([...running].map((one) => one.close()));
    },
  };
}

function simulatedBoard(account: BoardAccount, options: SimulatorOptions): SimulatedBoard {
  const { seed, stateDirectory, schemas, telemetryMs, clock = systemClock, random = Math.random } = options;
  const { deviceId } = account;
  return new SimulatedBoard(account, {
    seed,
    schemas,
    telemetryMs,
    clock,
    random,
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
    // Grows with each start, and is none of the small numbers that the firmware counts its boots by.
    bootId: Math.floor(clock.now() / 1000),
    onState: (state) => options.onState?.(deviceId, state),
    onAcknowledged: (seq) => options.onAcknowledged?.(deviceId, seq),
    onWarning: (warning) => options.onWarning?.(deviceId, warning),
  });
}

class SimulatedClient {
  readonly #client: EdgeClient;
  readonly #machine: Machine;
  readonly #link: MqttLink;

  constructor(account: ClientAccount, options: SimulatorOptions) {
    const { clock = systemClock, random = Math.random, schemas } = options;
    const { tenantId, clientId, type } = account;
    const ref = { tenantId, clientId };
    const name = clientAccount(ref);
    const bootId = randomUUID();
    const onWarning = (warning: EgizError) => options.onWarning?.(name, warning);
    const makeMachine = (Object.hasOwn(TYPES, type) ? TYPES[type] : undefined) ?? genericClient;
    this.#machine = makeMachine({ ref, clock, bootId, publish: (request) => this.#link.publish(request) });
    this.#client = new EdgeClient({
      ref,
      clock,
      bootId,
      onWarning,
      store: storeFor(name, options.stateDirectory),
      schemas: schemas.latestFor(type) === undefined ? undefined : schemas,
      apply: this.#machine.apply,
      onProgress: (progress) => options.onProgress?.(name, progress),
    });
    this.#link = connectMqtt({
      ...loginOf(account),
      clientId: name,
      cleanStart: false,
      sessionExpirySeconds: SESSION_SECONDS,
      will: () => this.#client.will(),
      onWarning,
      clock,
      random,
    });
    this.#client.start(this.#link);
    this.#link.onState((state) => {
      if (state.kind === 'connected') this.#machine.connected();
      options.onState?.(name, state);
    });
  }

  async close(): Promise<void> {
    this.#machine.stop();
    await this.#client.stop();
    await this.#link.close();
  }
}

function storeFor(account: string, directory: string | undefined) {
  if (directory === undefined) return new StateInMemory();
  return new StateFile(join(directory, `${account}.json`), 'process');
}
