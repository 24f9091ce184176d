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
import { loginOf, type SimulatedAccount } from './account';
import { genericClient } from './generic';
import type { Machine, MachineType } from './machine';
import { opcCoreClient } from './opc-core-client';
import { signalTower } from './signal-tower';

export interface SimulatorOptions {
  readonly clients: readonly SimulatedAccount[];
  /** One file a client; absent: their memory ends with the process. */
  readonly stateDirectory?: string;
  /** Settings of the types they know are checked, as a real client does. */
  readonly schemas: ConfigurationSchemas;
  /** The clients start at random moments of this time, so that a thousand do not knock at once. */
  readonly spreadMs?: number;
  readonly onState?: (account: string, state: LinkState) => void;
  readonly onProgress?: (account: string, progress: EdgeProgress) => void;
  readonly onWarning?: (account: string, warning: EgizError) => void;
  readonly clock?: Clock;
  /** A number from 0 up to 1. */
  readonly random?: () => number;
}

export interface Simulator {
  /** Ends every client as a real one ends; their wills say offline. */
  close(): Promise<void>;
}

/** Every type that is simulated in particular. */
const TYPES: Readonly<Record<string, MachineType>> = {
  'opc-core-client': opcCoreClient,
  'signal-tower': signalTower,
};

const SPREAD_MS_A_CLIENT = 10;
const MAX_SPREAD_MS = 10_000;
const SESSION_SECONDS = 86_400;

/** Plays clients of the inventory over real MQTT, with the code of a real edge client. */
export function startSimulator(options: SimulatorOptions): Simulator {
  const { clients, clock = systemClock, random = Math.random } = options;
  const spread = options.spreadMs ?? Math.min(clients.length * SPREAD_MS_A_CLIENT, MAX_SPREAD_MS);
  const running = new Set<SimulatedClient>();
  const starts = clients.map((account) =>
    clock.after(random() * spread, () => running.add(new SimulatedClient(account, options))),
  );
  return {
    async close() {
      for (const cancel of starts) cancel();
      await Promise.all([...running].map((client) => client.close()));
    },
  };
}

class SimulatedClient {
  readonly #client: EdgeClient;
  readonly #machine: Machine;
  readonly #link: MqttLink;

  constructor(account: SimulatedAccount, options: SimulatorOptions) {
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
