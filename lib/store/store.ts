import type { CommandState } from '../commands/states';
import type { FieldError } from '../errors/egiz-error';
import type { JsonObject } from '../json/json';
import type { ClientRef } from '../topics/clients';

/**
 * What the configuration service keeps, and the only way it reaches it. SQLite implements it today; an
 * implementation for another database runs the same tests. Times are milliseconds since the Unix epoch.
 */

export type Presence = 'unknown' | 'online' | 'offline';

export interface ClientRecord extends ClientRef {
  /** Client type, e.g. `opc-core-client`. */
  readonly type: string;
  /** Addressing profile, e.g. `clients`; the engine only passes it on. */
  readonly profile: string;
  /** Where the profile reaches it, when its id alone does not tell; the profile's own form. */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Highest revision ever assigned. */
  readonly lastRevision: number;
  /** The revision the client should run; 0 without one. */
  readonly desiredRevision: number;
  readonly presence: Presence;
  readonly presenceAt: number | null;
  readonly bootId: string | null;
  /** Which connection of that boot it is on, of a client that tells it. */
  readonly connection: number | null;
  /** Highest status sequence number seen in this boot. */
  readonly seq: number;
  readonly reportedRevision: number;
  readonly reportedHash: string | null;
  /** The client's own time of its last report, so that a late one is known as late. */
  readonly reportedAt: number | null;
  /** Of the desired revision: its label, its hash, and the state of its newest command. */
  readonly desiredVersion: string | null;
  readonly desiredHash: string | null;
  readonly desiredState: CommandState | null;
}

export interface RevisionRecord extends ClientRef {
  readonly revision: number;
  readonly version: string;
  readonly schema: string;
  readonly settings: JsonObject;
  readonly hash: string;
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface CommandRecord extends ClientRef {
  readonly commandId: string;
  readonly revision: number;
  readonly version: string;
  /** `request`: asked for over the API. `reconcile`: sent again because the client had lost it. */
  readonly origin: 'request' | 'reconcile';
  readonly state: CommandState;
  readonly code: string;
  readonly message: string;
  readonly errors: readonly FieldError[];
  readonly issuedAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number;
  readonly applyTimeoutSeconds: number;
  /** When the client's silence becomes `timed_out`; null while it cannot be blamed. */
  readonly applyDeadline: number | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly requestedBy: string;
}

export interface TransitionRecord {
  readonly commandId: string;
  readonly state: CommandState;
  readonly at: number;
  readonly code: string;
  readonly message: string;
}

/** One command waiting to be published, or to be acknowledged. */
export interface OutboxRow extends ClientRef {
  readonly commandId: string;
  readonly attempts: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Held: not sent before the client's next birth (PUBACK 0x10). */
  readonly held: boolean;
  /** Until then a publisher has it under way; 0 when none has. */
  readonly claimedUntil: number;
}

export interface OutboxDepth {
  readonly rows: number;
  readonly oldest: OutboxRow | null;
  readonly nextDueAt: number | null;
}

export interface IdempotencyRecord {
  readonly tenantId: string;
  readonly key: string;
  /** SHA-256 of method, path and body. */
  readonly fingerprint: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  readonly createdAt: number;
}

export interface AuditEntry {
  readonly at: number;
  readonly tenantId: string;
  readonly clientId: string | null;
  readonly commandId: string | null;
  /** Who: the token's subject, a client's account, or `service`. */
  readonly actor: string;
  /** What, as `noun.verb`, e.g. `command.accepted`. */
  readonly action: string;
  readonly detail: JsonObject;
}

export interface AlertRecord {
  readonly id: number;
  readonly at: number;
  readonly tenantId: string;
  readonly clientId: string | null;
  readonly commandId: string | null;
  /** Upper snake case: the kind of alert. */
  readonly code: string;
  readonly message: string;
}

export interface ClientFilter {
  readonly tenantId: string;
  readonly type?: string;
  /** Only those addressed in this way. */
  readonly profile?: string;
  readonly presence?: Presence;
  readonly drift?: boolean;
  /** Only ids that contain this text. */
  readonly search?: string;
}

/** Keyset page: `after` is the last id of the page before. */
export interface Page<Key> {
  readonly limit: number;
  readonly after?: Key;
}

/** Who has the address, or one below it, in a profile whose topics do not name the tenant. */
export interface ClientAddress {
  readonly profile: string;
  /** Levels joined by `/`. */
  readonly address: string;
  readonly clientId: string;
}

export type ClientPatch = Partial<
  Pick<
    ClientRecord,
    | 'lastRevision'
    | 'desiredRevision'
    | 'presence'
    | 'presenceAt'
    | 'bootId'
    | 'connection'
    | 'seq'
    | 'reportedRevision'
    | 'reportedHash'
    | 'reportedAt'
  >
>;

export type CommandPatch = Partial<
  Pick<CommandRecord, 'state' | 'code' | 'message' | 'errors' | 'updatedAt' | 'applyDeadline'>
>;

export type StateCounts = Readonly<Record<CommandState, number>>;

export type ClientRegistration = ClientRef & Pick<ClientRecord, 'type' | 'profile' | 'address' | 'labels'>;

/** The operations inside one transaction: all of them happen, or none. */
export interface StoreTransaction {
  client(ref: ClientRef): Promise<ClientRecord | undefined>;
  clientAt(address: ClientAddress): Promise<ClientRecord | undefined>;
  /** Adds the client or updates its type, profile, address and labels; its configuration stays. */
  registerClient(client: ClientRegistration): Promise<void>;
  /** The client answers 404 from now on; its history stays. */
  retireClient(ref: ClientRef): Promise<void>;
  /** Every client of every tenant that is not retired, by tenant and id. */
  registeredClients(): Promise<readonly ClientRef[]>;
  updateClient(ref: ClientRef, patch: ClientPatch): Promise<void>;
  clients(filter: ClientFilter, page: Page<string>): Promise<readonly ClientRecord[]>;
  /** Clients that are not retired, of every tenant. */
  countByPresence(): Promise<Readonly<Record<Presence, number>>>;

  insertRevision(revision: RevisionRecord): Promise<void>;
  revision(ref: ClientRef, revision: number): Promise<RevisionRecord | undefined>;
  /** The newest revision that carries this label. */
  revisionByVersion(ref: ClientRef, version: string): Promise<RevisionRecord | undefined>;
  /** Newest first; `after` is a revision number. */
  revisions(ref: ClientRef, page: Page<number>): Promise<readonly RevisionRecord[]>;

  insertCommand(command: CommandRecord): Promise<void>;
  command(commandId: string): Promise<CommandRecord | undefined>;
  /** The newest command for this revision. */
  commandForRevision(ref: ClientRef, revision: number): Promise<CommandRecord | undefined>;
  /** Commands that are not in a terminal state, oldest revision first. */
  openCommands(ref: ClientRef): Promise<readonly CommandRecord[]>;
  /** Newest first; `after` is a command id. */
  commands(ref: ClientRef, page: Page<string>): Promise<readonly CommandRecord[]>;
  updateCommand(commandId: string, patch: CommandPatch): Promise<void>;
  /** Open commands whose `expiresAt` or `applyDeadline` is at or before `now`, at most `limit`. */
  dueCommands(now: number, limit: number): Promise<readonly CommandRecord[]>;
  addTransition(transition: TransitionRecord): Promise<void>;
  transitions(commandId: string): Promise<readonly TransitionRecord[]>;

  enqueue(
    row: Pick<OutboxRow, 'commandId' | 'tenantId' | 'clientId' | 'createdAt' | 'expiresAt'>,
  ): Promise<void>;
  /**
   * Takes up to `limit` rows that are due at `now` for `owner`, at most one a client and none of a client
   * that has one under way, oldest first. A claim that is neither released nor removed lapses at `until`.
   */
  claimOutbox(owner: string, now: number, until: number, limit: number): Promise<readonly OutboxRow[]>;
  /** Makes every claim of `owner` due again; used when it starts or stops. */
  releaseOutboxOf(owner: string): Promise<void>;
  outboxRow(commandId: string): Promise<OutboxRow | undefined>;
  /**
   * Gives a claim back, to be tried at `nextAttemptAt`, or sooner at the client's birth when `held`.
   * A birth that came since the claim wins over both.
   */
  releaseOutbox(commandId: string, nextAttemptAt: number, attempts: number, held: boolean): Promise<void>;
  /** Puts every command that was published and has no end into the outbox again; tells how many. */
  enqueueUnfinished(now: number): Promise<number>;
  /** Makes a client's rows due now, held ones included: it has come back. */
  wakeOutbox(ref: ClientRef, now: number): Promise<void>;
  /** Makes every row due now that is not held: the broker has come back. */
  wakeWholeOutbox(now: number): Promise<void>;
  removeOutbox(commandId: string): Promise<void>;
  /** How many rows wait or are under way, the oldest of them, and when the next one is due. */
  outboxDepth(): Promise<OutboxDepth>;

  idempotent(tenantId: string, key: string): Promise<IdempotencyRecord | undefined>;
  rememberIdempotent(record: IdempotencyRecord): Promise<void>;
  forgetIdempotent(before: number): Promise<void>;

  audit(entry: AuditEntry): Promise<void>;
  auditEntries(tenantId: string, clientId: string | null, page: Page<number>): Promise<readonly AuditEntry[]>;
  raiseAlert(alert: Omit<AlertRecord, 'id'>): Promise<AlertRecord>;
  /** Newest first. */
  alerts(tenantId: string, page: Page<number>): Promise<readonly AlertRecord[]>;

  /** Commands by state; of one client, one tenant, or all. */
  countByState(scope: Partial<ClientRef>): Promise<StateCounts>;
  /** How many commands were ever accepted, counted from the audit rows, not from the commands. */
  countAccepted(scope: Partial<ClientRef>): Promise<number>;
}

export interface Store {
  /**
   * Runs `work` in one transaction. It is durable when the promise resolves; when `work` rejects nothing
   * of it has happened. Only the transaction's own methods may be awaited inside.
   * @throws EgizError `STORE_UNAVAILABLE` when the database cannot be reached or written
   */
  transaction<Result>(work: (tx: StoreTransaction) => Promise<Result>): Promise<Result>;
  /** Called after each commit that put something in the outbox. Returns the function that stops it. */
  onOutbox(listener: () => void): () => void;
  /** Writes a consistent copy while the store is in use. */
  backup(path: string): Promise<void>;
  close(): Promise<void>;
}
