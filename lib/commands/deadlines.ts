import type { CommandRecord, StoreTransaction } from '../store/store';
import { moveCommand, type Outcome, raise } from './transition';

/** How many commands one pass settles, so that a pass stays short. */
const BATCH = 500;

/** SPEC 3: an outbox older than this raises an alert. */
const STALLED_AFTER_MS = 5 * 60_000;

/**
 * Ends what has run out of time: `expired` when it never reached the client, `timed_out` when the client has
 * not said how it ended.
 * @returns true when there may be more
 */
export async function settleDue(tx: StoreTransaction, outcome: Outcome, now: number): Promise<boolean> {
  const due = await tx.dueCommands(now, BATCH);
  for (const command of due) await settle(tx, outcome, command, now);
  return due.length === BATCH;
}

async function settle(
  tx: StoreTransaction,
  outcome: Outcome,
  command: CommandRecord,
  at: number,
): Promise<void> {
  if (command.state !== 'received' && command.expiresAt <= at) {
    await moveCommand(tx, outcome, command, 'expired', {
      at,
      code: 'EXPIRED',
      message: `Not received by the client before ${new Date(command.expiresAt).toISOString()}`,
      actor: 'service',
    });
    return;
  }
  await moveCommand(tx, outcome, command, 'timed_out', {
    at,
    code: command.state === 'received' ? 'NO_RESULT' : 'NO_ANSWER',
    message: `No ${command.state === 'received' ? 'result' : 'answer'} from the client within ${command.applyTimeoutSeconds} s`,
    actor: 'service',
  });
}

/**
 * Watches the age of the outbox, and tells once when it stalls.
 * @param told whether the present stall has been told already
 * @returns whether it is stalled now
 */
export async function watchOutbox(
  tx: StoreTransaction,
  outcome: Outcome,
  now: number,
  told: boolean,
): Promise<boolean> {
  const { oldest, rows } = await tx.outboxDepth();
  const stalled = oldest !== null && now - oldest.createdAt > STALLED_AFTER_MS;
  if (stalled && !told) {
    const since = new Date(oldest.createdAt).toISOString();
    const why = oldest.held ? 'its client has never been seen' : 'it cannot be published';
    await raise(tx, outcome, oldest, {
      at: now,
      code: 'OUTBOX_STALLED',
      message: `${rows} commands wait in the outbox; the oldest since ${since}: ${why}`,
      commandId: oldest.commandId,
    });
  }
  return stalled;
}
