import type { FieldError } from '../errors/egiz-error';
import type { AlertRecord, CommandPatch, CommandRecord, StoreTransaction } from '../store/store';
import type { ClientRef } from '../topics/clients';
import { type CommandState, isTerminal, mayFollow } from './states';

/** A command has changed its state; told after the commit. */
export interface Transition {
  /** The command as it is now. */
  readonly command: CommandRecord;
  /** Null for a new command. */
  readonly from: CommandState | null;
}

/** Why a command changes its state. */
export interface Reason {
  readonly at: number;
  readonly code: string;
  readonly message: string;
  readonly errors?: readonly FieldError[];
  /** See `CommandRecord.applyDeadline`; a terminal state always clears it. */
  readonly applyDeadline?: number | null;
  /** Who caused it, for the audit trail. */
  readonly actor: string;
}

/** What a unit of work has brought about, to be told once it is durable. */
export class Outcome {
  readonly transitions: Transition[] = [];
  readonly alerts: AlertRecord[] = [];
}

/** States that somebody should look at (SPEC 3: a failure, a timeout). */
const ALERTS: Partial<Record<CommandState, string>> = {
  rejected: 'COMMAND_REJECTED',
  failed: 'COMMAND_FAILED',
  timed_out: 'COMMAND_TIMED_OUT',
  expired: 'COMMAND_EXPIRED',
};

/** Keeps what came before a command in the outbox only as long as it still has to be sent. */
const LEAVES_OUTBOX: ReadonlySet<CommandState> = new Set<CommandState>(['published', 'received']);

/**
 * Moves a command to `state` and writes down why; a move the states do not allow changes nothing.
 * @returns the command as it is afterwards
 */
export async function moveCommand(
  tx: StoreTransaction,
  outcome: Outcome,
  command: CommandRecord,
  state: CommandState,
  reason: Reason,
): Promise<CommandRecord> {
  if (!mayFollow(command.state, state)) return command;
  const patch: CommandPatch = {
    state,
    code: reason.code,
    message: reason.message,
    errors: reason.errors ?? [],
    updatedAt: reason.at,
    applyDeadline: isTerminal(state) ? null : (reason.applyDeadline ?? command.applyDeadline),
  };
  await tx.updateCommand(command.commandId, patch);
  const moved: CommandRecord = { ...command, ...patch };
  if (isTerminal(state) || LEAVES_OUTBOX.has(state)) await tx.removeOutbox(command.commandId);
  await recordTransition(tx, outcome, moved, command.state, reason.actor);
  return moved;
}

/** Writes the transition, the audit entry and, where the state asks for one, the alert. */
export async function recordTransition(
  tx: StoreTransaction,
  outcome: Outcome,
  command: CommandRecord,
  from: CommandState | null,
  actor: string,
): Promise<void> {
  const { commandId, state, code, message, updatedAt: at, tenantId, clientId } = command;
  await tx.addTransition({ commandId, state, at, code, message });
  await tx.audit({
    at,
    tenantId,
    clientId,
    commandId,
    actor,
    action: `command.${state}`,
    detail: { revision: command.revision, version: command.version, from, code },
  });
  outcome.transitions.push({ command, from });
  const alert = ALERTS[state];
  if (alert !== undefined) {
    const what = `${tenantId}.${clientId}, revision ${command.revision}: ${state}, ${code}: ${message}`;
    await raise(tx, outcome, command, { at, code: alert, message: what, commandId });
  }
}

export async function raise(
  tx: StoreTransaction,
  outcome: Outcome,
  ref: ClientRef,
  alert: { at: number; code: string; message: string; commandId?: string },
): Promise<void> {
  const { at, code, message } = alert;
  outcome.alerts.push(
    await tx.raiseAlert({
      at,
      code,
      message,
      tenantId: ref.tenantId,
      clientId: ref.clientId,
      commandId: alert.commandId ?? null,
    }),
  );
}
