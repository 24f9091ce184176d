import type { ConfigurationService } from '../commands/service';
import { COMMAND_STATES } from '../commands/states';
import { toEgizError } from '../errors/egiz-error';
import type { OutboxDepth, Presence, StateCounts } from '../store/store';
import { Counter, Gauge, type Registry } from './registry';

/** @throws EgizError `STORE_UNAVAILABLE` while there is no store to count in */
type ServiceSource = () => ConfigurationService;

interface EngineCounts {
  readonly states: StateCounts;
  readonly outbox: OutboxDepth;
  readonly presences: Readonly<Record<Presence, number>>;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

const PRESENCES = ['online', 'offline', 'unknown'] as const satisfies readonly Presence[];

/**
 * The configuration engine's metrics. They are counted in the store when somebody asks for them, so that they are
 * right after a restart, and with several instances on one database. Of several stores the sum is told; one that
 * cannot be used is left out, and `egiz_stores` says so.
 */
export class EngineMetrics {
  readonly #sources = new Set<ServiceSource>();
  readonly #alerts: Counter<'code'>;
  readonly #stores: Gauge<'state'>;
  readonly #commands: Gauge<'state'>;
  readonly #clients: Gauge<'presence'>;
  readonly #pending: Gauge;
  readonly #oldest: Gauge;
  /** A scrape asks every metric at once; they share one reading. */
  #reading: Promise<void> | undefined;

  constructor(registry: Registry) {
    const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
      new Gauge({ name, help, labelNames, registers: [registry], collect: () => this.#refresh() });
    this.#stores = gauge('egiz_stores', 'Stores of the flows, by whether they can be used', ['state']);
    this.#commands = gauge('egiz_commands', 'Commands by state; the sum is what was accepted', ['state']);
    this.#clients = gauge('egiz_clients', 'Clients of the inventory by presence', ['presence']);
    this.#pending = gauge('egiz_outbox_pending', 'Commands that wait to be published or acknowledged');
    this.#oldest = gauge('egiz_outbox_oldest_seconds', 'Age of the oldest command in the outbox');
    this.#alerts = new Counter({
      name: 'egiz_alerts_total',
      help: 'Alerts of the configuration engine since this process began',
      labelNames: ['code'],
      registers: [registry],
    });
  }

  /** @returns the function that ends it */
  watch(source: ServiceSource): () => void {
    this.#sources.add(source);
    return () => this.#sources.delete(source);
  }

  countAlert(code: string): void {
    this.#alerts.inc({ code });
  }

  #refresh(): Promise<void> {
    this.#reading ??= Promise.all([...this.#sources].map(countsOf))
      .then((all) => this.#tell(all))
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  #tell(all: readonly (EngineCounts | undefined)[]): void {
    const counts = all.filter((one) => one !== undefined);
    const sum = (value: (one: EngineCounts) => number) =>
      counts.reduce((total, one) => total + value(one), 0);
    this.#stores.set({ state: 'usable' }, counts.length);
    this.#stores.set({ state: 'unavailable' }, all.length - counts.length);
    for (const state of COMMAND_STATES) {
      this.#commands.set(
        { state },
        sum(({ states }) => states[state]),
      );
    }
    for (const presence of PRESENCES) {
      this.#clients.set(
        { presence },
        sum(({ presences }) => presences[presence]),
      );
    }
    this.#pending.set(sum(({ outbox }) => outbox.rows));
    this.#oldest.set(Math.max(0, ...counts.map(ageOfOldest)));
  }
}

/** Undefined while the store cannot be used. */
async function countsOf(source: ServiceSource): Promise<EngineCounts | undefined> {
  try {
    const { store, clock } = source();
    return await store.transaction(async (tx) => ({
      states: await tx.countByState({}),
      outbox: await tx.outboxDepth(),
      presences: await tx.countByPresence(),
      now: clock(),
    }));
  } catch (fault) {
    if (toEgizError(fault).code === 'STORE_UNAVAILABLE') return undefined;
    throw fault;
  }
}

/** Seconds. */
function ageOfOldest({ outbox: { oldest }, now }: EngineCounts): number {
  return oldest === null ? 0 : Math.max(0, now - oldest.createdAt) / 1000;
}
