import type { CommandRecord, StoreTransaction } from '../store/store';
import type { ClientRef } from '../topics/clients';
import { moveCommand, type Outcome, recordTransition } from './transition';

/** Ends a command that was not sent because a newer revision is there. */
export async function supersede(
  tx: StoreTransaction,
  outcome: Outcome,
  command: CommandRecord,
  revision: number,
  at: number,
): Promise<void> {
  await moveCommand(tx, outcome, command, 'superseded', {
    at,
    code: 'NEWER_REVISION',
    message: `Revision ${revision} took its place before it was sent`,
    actor: 'service',
  });
}

/** The members that every new command has in common. */
export function newCommand(
  ref: ClientRef,
  commandId: string,
  now: number,
): Pick<
  CommandRecord,
  | 'tenantId'
  | 'clientId'
  | 'commandId'
  | 'state'
  | 'code'
  | 'errors'
  | 'issuedAt'
  | 'updatedAt'
  | 'applyDeadline'
> {
  return {
    tenantId: ref.tenantId,
    clientId: ref.clientId,
    commandId,
    state: 'accepted',
    code: 'ACCEPTED',
    errors: [],
    issuedAt: now,
    updatedAt: now,
    applyDeadline: null,
  };
}

/** Writes a new command with its outbox row, first transition and audit row. */
export async function insertCommand(
  tx: StoreTransaction,
  outcome: Outcome,
  command: CommandRecord,
): Promise<CommandRecord> {
  await tx.insertCommand(command);
  await tx.enqueue({
    commandId: command.commandId,
    tenantId: command.tenantId,
    clientId: command.clientId,
    createdAt: command.issuedAt,
    expiresAt: command.expiresAt,
  });
  await recordTransition(tx, outcome, command, null, command.requestedBy);
  return command;
}
