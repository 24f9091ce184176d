import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigurationOrder } from '../../lib/commands/accept';
import type { Correlation } from '../../lib/commands/correlate';
import type { ClientMessage, ReportedState, StatusReport } from '../../lib/commands/messages';
import type { ConfigurationSchemas } from '../../lib/commands/schemas';
import { ConfigurationService, type ServiceOptions } from '../../lib/commands/service';
import type { Transition } from '../../lib/commands/transition';
import type { JsonObject } from '../../lib/json/json';
import { clientsProfile } from '../../lib/profiles/clients';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { AlertRecord, CommandRecord } from '../../lib/store/store';
import type { ClientRef } from '../../lib/topics/clients';

/** A clock that a test moves by hand. */
export class TestClock {
  now = Date.parse('2026-01-29T10:30:00Z');

  readonly read = (): number => this.now;

  advance(ms: number): void {
    this.now += ms;
  }
}

/** One rule is enough where schemas are not what is tested: `bad` must not be there. */
export const LENIENT_SCHEMAS: ConfigurationSchemas = {
  names: () => ['thing/1', 'thing/2', 'other/1'],
  has: (name) => ['thing/1', 'thing/2', 'other/1'].includes(name),
  latestFor: (type) => ({ thing: 'thing/2', other: 'other/1' })[type],
  validate: (_name, settings) =>
    Object.hasOwn(settings, 'bad')
      ? [{ pointer: '/bad', rule: 'forbidden', message: 'must not be there' }]
      : [],
};

export const PRESS: ClientRef = { tenantId: 'acme', clientId: 'press-1' };

export interface Engine {
  readonly service: ConfigurationService;
  readonly clock: TestClock;
  readonly directory: string;
  readonly transitions: Transition[];
  readonly alerts: AlertRecord[];
  close(): Promise<void>;
}

/** A service on a fresh store with the client `acme.press-1` (and `globex.press-1`) of type `thing`. */
export async function startEngine(options: Partial<ServiceOptions> = {}): Promise<Engine> {
  const directory = mkdtempSync(join(tmpdir(), 'egiz-engine-'));
  const clock = new TestClock();
  const store = openSqliteStore(join(directory, 'store.db'));
  const service = new ConfigurationService({
    store,
    schemas: LENIENT_SCHEMAS,
    profiles: [clientsProfile],
    clock: clock.read,
    random: randomBytes,
    ...options,
  });
  await store.transaction(async (tx) => {
    for (const tenantId of ['acme', 'globex']) {
      await tx.registerClient({
        tenantId,
        clientId: 'press-1',
        type: 'thing',
        profile: 'clients',
        address: '',
        labels: {},
      });
    }
  });
  const transitions: Transition[] = [];
  const alerts: AlertRecord[] = [];
  service.on('transition', (one) => transitions.push(one));
  service.on('alert', (one) => alerts.push(one));
  return {
    service,
    clock,
    directory,
    transitions,
    alerts,
    async close() {
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** An order for `acme.press-1`; the members of `request` replace the defaults. */
export function order(
  settings: JsonObject,
  request: Partial<ConfigurationOrder['request']> = {},
  rest: Partial<ConfigurationOrder> = {},
): ConfigurationOrder {
  return {
    ref: PRESS,
    actor: 'alice',
    request: {
      version: `1.0.${Object.values(settings).join('').length}`,
      settings,
      mode: 'replace',
      dryRun: false,
      expiresInSeconds: 86_400,
      applyTimeoutSeconds: 120,
      ...request,
    },
    ...rest,
  };
}

let labels = 0;

/** Pushes settings under a fresh label and returns the new command. */
export async function push(
  engine: Engine,
  settings: JsonObject,
  request: Partial<ConfigurationOrder['request']> = {},
): Promise<CommandRecord> {
  labels += 1;
  const result = await engine.service.push(order(settings, { version: `1.0.${labels}`, ...request }));
  if (result.kind !== 'new' || result.acceptance.kind !== 'accepted') throw new Error('not accepted');
  return result.acceptance.command;
}

/** The command as the store has it now. */
export async function stored(engine: Engine, { commandId }: { commandId: string }): Promise<CommandRecord> {
  const command = await engine.service.store.transaction((tx) => tx.command(commandId));
  if (command === undefined) throw new Error(`no command ${commandId}`);
  return command;
}

/** A simulated client as the service sees it: it says what a test tells it to say. */
export class Reporter {
  bootId = 'boot-1';
  seq = 0;
  revision = 0;
  reportedHash: string | null = null;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  status(command: CommandRecord, state: ReportedState, extra: Partial<StatusReport> = {}): StatusReport {
    this.seq += 1;
    return {
      type: 'ClientStatusReported',
      commandId: command.commandId,
      ...PRESS,
      revision: command.revision,
      version: command.version,
      state,
      code: state.toUpperCase(),
      message: state,
      errors: [],
      reportedHash: this.reportedHash,
      at: this.#at(),
      bootId: this.bootId,
      seq: this.seq,
      ...extra,
    };
  }

  async report(
    command: CommandRecord,
    state: ReportedState,
    extra: Partial<StatusReport> = {},
  ): Promise<Correlation> {
    if (state === 'applied') await this.#take(command);
    return this.send(this.status(command, state, extra));
  }

  async birth(): Promise<Correlation> {
    return this.#connection('online');
  }

  async will(): Promise<Correlation> {
    return this.#connection('offline');
  }

  send(message: ClientMessage, correlationId?: string): Promise<Correlation> {
    return this.#engine.service.record({
      from: PRESS,
      message,
      ...(correlationId === undefined ? {} : { correlationId }),
    });
  }

  async #take(command: CommandRecord): Promise<void> {
    const revision = await this.#engine.service.store.transaction((tx) =>
      tx.revision(PRESS, command.revision),
    );
    this.revision = command.revision;
    this.reportedHash = revision?.hash ?? null;
  }

  #connection(status: 'online' | 'offline'): Promise<Correlation> {
    const { bootId, revision, reportedHash } = this;
    return this.send({
      type: 'ClientConnectionChanged',
      ...PRESS,
      status,
      revision,
      reportedHash,
      bootId,
      at: this.#at(),
    });
  }

  #at(): string {
    return new Date(this.#engine.clock.now).toISOString();
  }
}
