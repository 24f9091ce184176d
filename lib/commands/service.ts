import { EventEmitter } from 'node:events';
import { EgizError } from '../errors/egiz-error';
import type { JsonObject } from '../json/json';
import type { Profile, Report } from '../profiles/profile';
import type { AlertRecord, CommandRecord, Store, StoreTransaction } from '../store/store';
import type { ClientRef } from '../topics/clients';
import { type Acceptance, acceptOrder, type ConfigurationOrder } from './accept';
import { cancelCommand } from './cancel';
import { type Correlation, correlate } from './correlate';
import { settleDue, watchOutbox } from './deadlines';
import { reconcile } from './reconcile';
import type { ConfigurationSchemas } from './schemas';
import { Outcome, type Transition } from './transition';
import { uuidV7 } from './uuid';

/**
 * Named moments of the loop, in order. A test may end the process at any of them; nothing else listens.
 */
export type ServiceStep =
  | 'accepted:before-commit'
  | 'accepted:after-commit'
  | 'outbox:claimed'
  | 'outbox:written'
  | 'outbox:acknowledged'
  | 'outbox:settled'
  | 'status:before-commit'
  | 'status:after-commit';

export interface ServiceOptions {
  readonly store: Store;
  readonly schemas: ConfigurationSchemas;
  readonly profiles: readonly Profile[];
  /** Milliseconds since the Unix epoch. */
  readonly clock: () => number;
  readonly random: (size: number) => Buffer;
  readonly trace?: (step: ServiceStep) => void;
}

/** An answer that was given before to the same idempotency key. */
export interface Remembered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

export interface Idempotency {
  readonly key: string;
  /** SHA-256 over method, path and body. */
  readonly fingerprint: string;
  /** The answer to remember for an acceptance. */
  render(acceptance: Acceptance): Remembered;
}

export type PushResult =
  | { readonly kind: 'new'; readonly acceptance: Acceptance }
  | { readonly kind: 'replayed'; readonly answer: Remembered };

interface ServiceEvents {
  transition: [Transition];
  alert: [AlertRecord];
}

/** SPEC 3: how long an idempotency key is kept. */
const IDEMPOTENCY_MS = 24 * 3_600_000;

/**
 * The configuration service (the "Device Management Service" of SEQ): every change of a command's state goes
 * through it, in one transaction each, and is told as an event after its commit.
 */
export class ConfigurationService extends EventEmitter<ServiceEvents> {
  readonly store: Store;
  readonly schemas: ConfigurationSchemas;
  readonly clock: () => number;
  readonly #profiles: ReadonlyMap<string, Profile>;
  readonly #random: (size: number) => Buffer;
  readonly #trace: (step: ServiceStep) => void;
  #stallTold = false;

  constructor(options: ServiceOptions) {
    super();
    this.store = options.store;
    this.schemas = options.schemas;
    this.clock = options.clock;
    this.#profiles = new Map(options.profiles.map((profile) => [profile.name, profile]));
    this.#random = options.random;
    this.#trace = options.trace ?? (() => undefined);
  }

  /** @throws EgizError `PROFILE_UNKNOWN` */
  profile(name: string): Profile {
    const profile = this.#profiles.get(name);
    if (profile === undefined)
      throw new EgizError('PROFILE_UNKNOWN', `There is no addressing profile "${name}"`);
    return profile;
  }

  get profiles(): readonly Profile[] {
    return [...this.#profiles.values()];
  }

  /** One unit of work; its transitions and alerts are told when it is durable. */
  async work<Result>(unit: (tx: StoreTransaction, outcome: Outcome) => Promise<Result>): Promise<Result> {
    const outcome = new Outcome();
    const result = await this.store.transaction((tx) => unit(tx, outcome));
    for (const transition of outcome.transitions) this.emit('transition', transition);
    for (const alert of outcome.alerts) this.emit('alert', alert);
    return result;
  }

  /**
   * Accepts an order, or repeats the answer given before to the same idempotency key.
   * @throws EgizError those of `acceptOrder`, `IDEMPOTENCY_KEY_REUSED`, `STORE_UNAVAILABLE`
   */
  async push(order: ConfigurationOrder, idempotency?: Idempotency): Promise<PushResult> {
    const result = await this.work(async (tx, outcome): Promise<PushResult> => {
      const before = await this.#remembered(tx, order.ref, idempotency);
      if (before !== undefined) return { kind: 'replayed', answer: before };
      const context = { schemas: this.schemas, now: this.clock(), commandId: this.newCommandId() };
      const acceptance = await acceptOrder(tx, outcome, order, context);
      if (idempotency !== undefined && acceptance.kind !== 'dry-run') {
        const { key, fingerprint } = idempotency;
        const answer = idempotency.render(acceptance);
        const { tenantId } = order.ref;
        await tx.rememberIdempotent({ tenantId, key, fingerprint, ...answer, createdAt: context.now });
      }
      this.#trace('accepted:before-commit');
      return { kind: 'new', acceptance };
    });
    this.#trace('accepted:after-commit');
    return result;
  }

  async #remembered(
    tx: StoreTransaction,
    ref: ClientRef,
    idempotency: Idempotency | undefined,
  ): Promise<Remembered | undefined> {
    if (idempotency === undefined) return undefined;
    await tx.forgetIdempotent(this.clock() - IDEMPOTENCY_MS);
    const before = await tx.idempotent(ref.tenantId, idempotency.key);
    if (before === undefined || before.fingerprint === idempotency.fingerprint) return before;
    throw new EgizError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request', {
      mend: 'Use a new key for a new request.',
    });
  }

  /** Stores what a client has said; the broker may have its PUBACK when this resolves. */
  async record(report: Report): Promise<Correlation> {
    const correlation = await this.work(async (tx, outcome) => {
      const result = await correlate(tx, outcome, report, this.reconcileContext());
      this.#trace('status:before-commit');
      return result;
    });
    this.#trace('status:after-commit');
    return correlation;
  }

  /**
   * The broker has lost our session, and so perhaps what it held for the clients and what they have said: every
   * unfinished command is sent again under its id. A client that knows it repeats its last report.
   */
  resend(): Promise<number> {
    return this.work((tx) => tx.enqueueUnfinished(this.clock()));
  }

  /** @throws EgizError `COMMAND_UNKNOWN`, `TOO_LATE_TO_CANCEL` */
  async cancel(ref: ClientRef, commandId: string, actor: string): Promise<CommandRecord> {
    return this.work(async (tx, outcome) => {
      const cancelled = await cancelCommand(tx, outcome, { ref, commandId, actor }, this.clock());
      const client = await tx.client(ref);
      // What this command had taken the place of was never sent: now it must be.
      if (client?.desiredState === 'superseded') {
        await reconcile(tx, outcome, client, false, this.reconcileContext());
      }
      return cancelled;
    });
  }

  /** Expires and times out what is due, and watches the outbox; call it about once a second. */
  async tick(): Promise<void> {
    const now = this.clock();
    let more = true;
    while (more) more = await this.work((tx, outcome) => settleDue(tx, outcome, now));
    this.#stallTold = await this.work((tx, outcome) => watchOutbox(tx, outcome, now, this.#stallTold));
  }

  newCommandId(): string {
    return uuidV7(this.clock(), this.#random);
  }

  reconcileContext(): { now: number; newCommandId: () => string } {
    return { now: this.clock(), newCommandId: () => this.newCommandId() };
  }

  /** For the outbox publisher, which has steps of its own. */
  trace(step: ServiceStep): void {
    this.#trace(step);
  }
}
