import { supersede } from '../commands/new-command';
import type { ConfigurationService } from '../commands/service';
import type { Outcome } from '../commands/transition';
import { moveCommand } from '../commands/transition';
import { toEgizError } from '../errors/egiz-error';
import type { LinkState, MqttLink, PublishRequest } from '../mqtt/link';
import type { CommandRecord, OutboxRow, StoreTransaction } from '../store/store';
import { backoffMs } from '../time/backoff';
import { type Verdict, verdictOf, verdictOfError } from './verdict';

/** What the publisher needs of a link; the message mode of the node is one too. */
export type Outlet = Pick<MqttLink, 'publish' | 'onState'>;

export interface PublisherOptions {
  readonly service: ConfigurationService;
  readonly outlet: Outlet;
  /** Who claims the rows; two publishers never share it. */
  readonly owner: string;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  /** Rows under way at once. */
  readonly window?: number;
  /** A fault of the store or of this code; the publisher goes on. */
  readonly onError: (error: Error) => void;
}

/** Without a PUBACK for this long the row is sent again with the same command id (SPEC 3). */
const ACK_TIMEOUT_MS = 10_000;
/** A claim outlives the wait for its PUBACK; it lapses only when its owner has died. */
const CLAIM_MS = 30_000;
/** A held row waits for a birth; this is the safety net for clients that send none. */
const HELD_RETRY_MS = 60_000;
/** The longest nap of the loop; due rows wake it earlier. */
const IDLE_MS = 1_000;

interface Shipment {
  readonly row: OutboxRow;
  readonly request: PublishRequest;
}

/**
 * Publishes what the outbox holds: a commit wakes it, a row is done only on PUBACK, and a row that has not
 * been answered is sent again (SPEC 3 "Service").
 */
export class OutboxPublisher {
  readonly #options: Required<PublisherOptions>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #unsubscribe: (() => void)[] = [];
  #connected = false;
  #stopped = false;
  #draining: Promise<void> = Promise.resolve();
  #wanted = false;
  #timer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: PublisherOptions) {
    this.#options = { window: 100, ...options };
  }

  start(): void {
    const { service, outlet } = this.#options;
    this.#unsubscribe.push(service.store.onOutbox(() => this.#wake()));
    this.#unsubscribe.push(outlet.onState((state) => this.#onState(state)));
    // What this owner had claimed before it died is due now, not when the claims lapse.
    void this.#releaseClaims().then(() => this.#wake());
  }

  /** Waits for what is under way, then gives back every claim; a second call waits for the first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#draining;
    await Promise.all(this.#underWay);
    await this.#releaseClaims();
  }

  async #releaseClaims(): Promise<void> {
    const { service, owner, onError } = this.#options;
    await service.store.transaction((tx) => tx.releaseOutboxOf(owner)).catch(onError);
  }

  #onState(state: LinkState): void {
    const connected = state.kind === 'connected';
    if (connected === this.#connected) return;
    this.#connected = connected;
    const { service, onError } = this.#options;
    // The broker has come back: what waited only for it need not wait out its backoff.
    if (connected) service.store.transaction((tx) => tx.wakeWholeOutbox(service.clock())).catch(onError);
    this.#wake();
  }

  /** Asks for one more pass after the present one. */
  #wake(): void {
    if (this.#stopped || this.#wanted) return;
    this.#wanted = true;
    this.#draining = this.#draining.then(() => this.#pass()).catch((fault) => this.#recover(fault));
  }

  /** A pass has failed, e.g. for want of disk space: nothing else would wake the loop for what is due. */
  #recover(fault: Error): void {
    this.#options.onError(fault);
    this.#wakeIn(IDLE_MS);
  }

  #wakeIn(wait: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#wake(), wait);
    this.#timer.unref();
  }

  async #pass(): Promise<void> {
    this.#wanted = false;
    if (this.#stopped) return;
    const taken = this.#connected ? await this.#ship() : await this.#postpone();
    if (taken > 0) this.#wake();
    else await this.#nap();
  }

  /** Sends what is due; several rows travel at once, one a client. */
  async #ship(): Promise<number> {
    const { window } = this.#options;
    const room = window - this.#underWay.size;
    if (room <= 0) return 0;
    const shipments = await this.#claim(room);
    for (const shipment of shipments) {
      const sending = this.#send(shipment).catch(this.#options.onError);
      this.#underWay.add(sending);
      void sending.finally(() => {
        this.#underWay.delete(sending);
        this.#wake();
      });
    }
    return shipments.length;
  }

  async #claim(limit: number): Promise<Shipment[]> {
    const { service, owner } = this.#options;
    const now = service.clock();
    const shipments = await service.work(async (tx, outcome) => {
      const claimed: Shipment[] = [];
      for (const row of await tx.claimOutbox(owner, now, now + CLAIM_MS, limit)) {
        const request = await this.#request(tx, outcome, row, now);
        if (request !== undefined) claimed.push({ row, request });
      }
      return claimed;
    });
    if (shipments.length > 0) service.trace('outbox:claimed');
    return shipments;
  }

  /** The message of a row, or undefined when there is nothing left to send. */
  async #request(
    tx: StoreTransaction,
    outcome: Outcome,
    row: OutboxRow,
    now: number,
  ): Promise<PublishRequest | undefined> {
    const { service } = this.#options;
    const command = await tx.command(row.commandId);
    const client = await tx.client(row);
    const revision = command === undefined ? undefined : await tx.revision(row, command.revision);
    if (command === undefined || client === undefined || revision === undefined || row.expiresAt <= now) {
      // An expired command gets its end from the service's clock; the row must not travel.
      await tx.removeOutbox(row.commandId);
      return undefined;
    }
    try {
      return service.profile(client.profile).commandMessage(client, command, revision, now);
    } catch (fault) {
      // One that no message can be made of must not hold up the others.
      const { code, message } = toEgizError(fault);
      await this.#failed(tx, outcome, command, { kind: 'failed', code, message }, now);
      return undefined;
    }
  }

  async #send({ row, request }: Shipment): Promise<void> {
    const { service, outlet } = this.#options;
    const answer = outlet.publish(request, { timeoutMs: ACK_TIMEOUT_MS });
    service.trace('outbox:written');
    const verdict = await answer.then(verdictOf, (fault) => verdictOfError(toEgizError(fault)));
    service.trace('outbox:acknowledged');
    await service.work((tx, outcome) => this.#settle(tx, outcome, row, verdict));
    service.trace('outbox:settled');
  }

  async #settle(tx: StoreTransaction, outcome: Outcome, row: OutboxRow, verdict: Verdict): Promise<void> {
    const command = await tx.command(row.commandId);
    if (command === undefined) return;
    const now = this.#options.service.clock();
    if (verdict.kind === 'published') await this.#published(tx, outcome, command, now);
    else if (verdict.kind === 'failed') await this.#failed(tx, outcome, command, verdict, now);
    else await this.#later(tx, outcome, command, row, verdict, now);
  }

  async #published(
    tx: StoreTransaction,
    outcome: Outcome,
    command: CommandRecord,
    at: number,
  ): Promise<void> {
    const client = await tx.client(command);
    // A client known to be away cannot answer; its time starts when it is back.
    const applyDeadline = client?.presence === 'offline' ? null : at + command.applyTimeoutSeconds * 1000;
    const message = 'The broker has taken the message';
    const reason = { at, code: 'PUBLISHED', message, applyDeadline, actor: 'service' };
    await moveCommand(tx, outcome, command, 'published', reason);
    if (command.state === 'published') await tx.updateCommand(command.commandId, { applyDeadline });
    await tx.removeOutbox(command.commandId);
  }

  async #failed(
    tx: StoreTransaction,
    outcome: Outcome,
    command: CommandRecord,
    { code, message }: Extract<Verdict, { kind: 'failed' }>,
    at: number,
  ): Promise<void> {
    await moveCommand(tx, outcome, command, 'failed', { at, code, message, actor: 'service' });
    await tx.removeOutbox(command.commandId);
  }

  async #later(
    tx: StoreTransaction,
    outcome: Outcome,
    command: CommandRecord,
    row: OutboxRow,
    { kind, code, message }: Extract<Verdict, { kind: 'held' | 'retry' }>,
    at: number,
  ): Promise<void> {
    const client = await tx.client(command);
    if (client !== undefined && client.desiredRevision > command.revision) {
      await supersede(tx, outcome, command, client.desiredRevision, at);
      return;
    }
    await moveCommand(tx, outcome, command, 'queued', {
      at,
      code,
      message,
      applyDeadline: null,
      actor: 'service',
    });
    const attempts = row.attempts + 1;
    const wait = kind === 'held' ? HELD_RETRY_MS : backoffMs(attempts, this.#options.random());
    await tx.releaseOutbox(row.commandId, at + wait, attempts, kind === 'held');
  }

  /** Broker away: what is due waits, and says so. */
  async #postpone(): Promise<number> {
    const { service, owner, window } = this.#options;
    const now = service.clock();
    const verdict = {
      kind: 'retry',
      code: 'BROKER_UNAVAILABLE',
      message: 'The broker cannot be reached',
    } as const;
    return service.work(async (tx, outcome) => {
      const rows = await tx.claimOutbox(owner, now, now + CLAIM_MS, window);
      for (const row of rows) await this.#settle(tx, outcome, row, verdict);
      return rows.length;
    });
  }

  /** Sleeps until the next row is due; a commit or the broker's return ends the sleep. */
  async #nap(): Promise<void> {
    const { service } = this.#options;
    const { nextDueAt } = await service.store.transaction((tx) => tx.outboxDepth());
    clearTimeout(this.#timer);
    if (nextDueAt !== null) this.#wakeIn(Math.min(Math.max(nextDueAt - service.clock(), 20), IDLE_MS));
  }
}
