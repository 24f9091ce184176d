import { EgizError } from '../errors/egiz-error';
import type { CommandRecord, StoreTransaction } from '../store/store';
import type { ClientRef } from '../topics/clients';
import { isCancellable } from './states';
import { moveCommand, type Outcome } from './transition';

/** @throws EgizError `COMMAND_UNKNOWN`, also for a command of another client */
export async function knownCommand(
  tx: StoreTransaction,
  ref: ClientRef,
  commandId: string,
): Promise<CommandRecord> {
  const command = await tx.command(commandId);
  if (command?.tenantId === ref.tenantId && command.clientId === ref.clientId) return command;
  throw new EgizError('COMMAND_UNKNOWN', `"${ref.clientId}" has no command "${commandId}"`, {
    id: commandId,
  });
}

/**
 * Cancels a command that has not been published. The client's desired revision becomes the newest one before.
 * @throws EgizError `COMMAND_UNKNOWN`, `TOO_LATE_TO_CANCEL`
 */
export async function cancelCommand(
  tx: StoreTransaction,
  outcome: Outcome,
  target: { readonly ref: ClientRef; readonly commandId: string; readonly actor: string },
  now: number,
): Promise<CommandRecord> {
  const command = await knownCommand(tx, target.ref, target.commandId);
  if (command.state === 'cancelled') return command;
  if (!isCancellable(command.state)) {
    const since = new Date(command.updatedAt).toISOString();
    throw new EgizError(
      'TOO_LATE_TO_CANCEL',
      `The command cannot be cancelled: it is ${command.state} since ${since}`,
      {
        id: command.commandId,
        mend: 'Push the configuration you want instead; it will take the place of this one.',
      },
    );
  }
  const cancelled = await moveCommand(tx, outcome, command, 'cancelled', {
    at: now,
    code: 'CANCELLED',
    message: `Cancelled by ${target.actor}`,
    actor: target.actor,
  });
  await desireBefore(tx, cancelled);
  return cancelled;
}

/** The newest revision before, whose own command was not cancelled. */
async function desireBefore(tx: StoreTransaction, cancelled: CommandRecord): Promise<void> {
  const client = await tx.client(cancelled);
  if (client?.desiredRevision !== cancelled.revision) return;
  let revision = cancelled.revision - 1;
  while (revision > 0 && (await tx.commandForRevision(cancelled, revision))?.state === 'cancelled')
    revision -= 1;
  await tx.updateClient(cancelled, { desiredRevision: revision });
}
