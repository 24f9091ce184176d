import type { ClientRecord, CommandRecord, StoreTransaction } from '../store/store';
import { insertCommand, newCommand } from './new-command';
import type { CommandState } from './states';
import { moveCommand, type Outcome, raise } from './transition';

export interface ReconcileContext {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** A fresh UUIDv7 at each call. */
  newCommandId(): string;
}

/** The command is still on its way: it is sent again under the same id. */
const SENT_AGAIN: ReadonlySet<CommandState> = new Set<CommandState>(['published', 'received', 'timed_out']);
/** It is over: the client gets the revision again by a new command. */
const SENT_ANEW: ReadonlySet<CommandState> = new Set<CommandState>(['applied', 'expired', 'superseded']);

/**
 * Compares what the client has reported at its birth with what it should run, and sends again what is missing:
 * the store is the truth, the broker's queue only the fast path (SPEC 3).
 * @param restarted the client has come back from a restart, not from a lost connection
 */
export async function reconcile(
  tx: StoreTransaction,
  outcome: Outcome,
  client: ClientRecord,
  restarted: boolean,
  context: ReconcileContext,
): Promise<void> {
  if (client.reportedRevision > client.lastRevision) return recoverNumbering(tx, outcome, client, context);
  if (client.desiredRevision === 0) return;
  const command = await tx.commandForRevision(client, client.desiredRevision);
  if (command === undefined) return;
  const converged =
    client.reportedRevision === client.desiredRevision && client.reportedHash === client.desiredHash;
  if (converged) await confirm(tx, outcome, command, context.now);
  else await sendMissing(tx, outcome, command, restarted, context);
}

/** The client runs it, though its status was lost. */
async function confirm(
  tx: StoreTransaction,
  outcome: Outcome,
  command: CommandRecord,
  at: number,
): Promise<void> {
  if (command.state === 'cancelled') return;
  await moveCommand(tx, outcome, command, 'applied', {
    at,
    code: 'REPORTED_AT_BIRTH',
    message: 'The client runs this revision; its own report of it was lost',
    actor: `${command.tenantId}.${command.clientId}`,
  });
}

async function sendMissing(
  tx: StoreTransaction,
  outcome: Outcome,
  command: CommandRecord,
  restarted: boolean,
  context: ReconcileContext,
): Promise<void> {
  const stillValid = command.expiresAt > context.now;
  if (SENT_AGAIN.has(command.state) && stillValid) {
    const { commandId, tenantId, clientId, expiresAt } = command;
    await tx.enqueue({ commandId, tenantId, clientId, createdAt: context.now, expiresAt });
    return;
  }
  // What the client has refused it would refuse again; what failed may succeed after a restart.
  const again = SENT_ANEW.has(command.state) || SENT_AGAIN.has(command.state);
  if (!again && !(command.state === 'failed' && restarted)) return;
  await insertCommand(tx, outcome, {
    ...newCommand(command, context.newCommandId(), context.now),
    revision: command.revision,
    version: command.version,
    origin: 'reconcile',
    expiresAt: context.now + (command.expiresAt - command.issuedAt),
    applyTimeoutSeconds: command.applyTimeoutSeconds,
    traceparent: null,
    tracestate: null,
    requestedBy: 'service',
    message: `The client does not run revision ${command.revision}; it is sent again`,
  });
}

/**
 * The client runs a revision this store never gave out: the store was restored from a backup. New revisions
 * would look old to the client, so the numbering continues after the client's.
 */
async function recoverNumbering(
  tx: StoreTransaction,
  outcome: Outcome,
  client: ClientRecord,
  { now }: ReconcileContext,
): Promise<void> {
  await tx.updateClient(client, { lastRevision: client.reportedRevision });
  await raise(tx, outcome, client, {
    at: now,
    code: 'REVISION_AHEAD',
    message: `${client.tenantId}.${client.clientId} runs revision ${client.reportedRevision}, but the store has given out only ${client.lastRevision}. Was it restored from a backup? New revisions will count on from the client's; push the wanted configuration again`,
  });
}
