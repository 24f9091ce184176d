import type { Report, Standing, Statement } from '../profiles/profile';
import type { ClientRecord, CommandRecord, StoreTransaction } from '../store/store';
import type { ClientRef } from '../topics/clients';
import { type ReconcileContext, reconcile } from './reconcile';
import { moveCommand, type Outcome, type Reason } from './transition';

/** What became of a report. */
export type Correlation =
  | { readonly kind: 'transition' | 'repeated' | 'connection'; readonly client: ClientRecord }
  /** It fits nothing we know; `reason` says why, as a sentence. */
  | { readonly kind: 'unmatched'; readonly code: string; readonly reason: string };

/**
 * Stores what a client has said. Reports may come doubled, in any order and late; each moves its command at
 * most once, and never backwards (SEQ steps 8 and 9).
 */
export async function correlate(
  tx: StoreTransaction,
  outcome: Outcome,
  report: Report,
  context: ReconcileContext,
): Promise<Correlation> {
  const { from, message, standing } = report;
  const client = 'address' in from ? await tx.clientAt(from) : await tx.client(from);
  if (client === undefined) {
    const name =
      'address' in from ? `${from.clientId} at ${from.address}` : `${from.tenantId}.${from.clientId}`;
    return { kind: 'unmatched', code: 'CLIENT_UNKNOWN', reason: `The inventory has no client ${name}` };
  }
  if (message.type === 'ClientConnectionChanged')
    return recordConnection(tx, outcome, client, { ...message, standing }, context);
  const status = { ...message, standing };
  return recordStatus(tx, outcome, client, status, report.correlationId, context.now);
}

type Told<Type> = Extract<Statement, { type: Type }> & { readonly standing: Standing | undefined };
type StatusReport = Told<'ClientStatusReported'>;
type ConnectionChange = Told<'ClientConnectionChanged'>;

async function recordStatus(
  tx: StoreTransaction,
  outcome: Outcome,
  client: ClientRecord,
  status: StatusReport,
  correlationId: string | undefined,
  now: number,
): Promise<Correlation> {
  const command = await findCommand(tx, client, status, correlationId);
  if (command === undefined) {
    const reason = `${client.tenantId}.${client.clientId} has no command ${correlationId ?? status.commandId}`;
    return { kind: 'unmatched', code: 'COMMAND_UNKNOWN', reason };
  }
  const news = await rememberReported(tx, client, status, now);
  const moved = await moveTo(tx, outcome, command, status, now);
  if (status.state === 'applied') {
    await supersedeOlder(tx, outcome, client, command.revision, now);
    await desireAgain(tx, client, command);
  }
  if (moved.state !== command.state) return { kind: 'transition', client };
  if (news && sameEnd(command, status)) await replaceErrors(tx, command, status, now);
  return { kind: 'repeated', client };
}

/** By Correlation Data, then by the id in the payload, then by revision. */
async function findCommand(
  tx: StoreTransaction,
  ref: ClientRef,
  status: StatusReport,
  correlationId: string | undefined,
): Promise<CommandRecord | undefined> {
  for (const id of [correlationId, status.commandId]) {
    const command = id === undefined ? undefined : await tx.command(id);
    if (command?.tenantId === ref.tenantId && command.clientId === ref.clientId) return command;
  }
  return tx.commandForRevision(ref, status.revision);
}

async function moveTo(
  tx: StoreTransaction,
  outcome: Outcome,
  command: CommandRecord,
  status: StatusReport,
  now: number,
): Promise<CommandRecord> {
  const reason: Reason = {
    at: now,
    code: status.code,
    message: status.message,
    errors: status.errors,
    applyDeadline: now + command.applyTimeoutSeconds * 1000,
    actor: `${command.tenantId}.${command.clientId}`,
  };
  return moveCommand(tx, outcome, command, status.state, reason);
}

/**
 * Updates what the client runs, unless the report is older than what we know: by its sequence number within
 * a boot, by the client's own clock across boots.
 * @returns false for an old or doubled report
 */
async function rememberReported(
  tx: StoreTransaction,
  client: ClientRecord,
  status: StatusReport,
  now: number,
): Promise<boolean> {
  const at = Date.parse(status.at);
  const numbered = status.bootId === client.bootId && status.seq > 0;
  const newer = numbered ? status.seq > client.seq : client.reportedAt === null || at >= client.reportedAt;
  if (!newer) return false;
  const runsIt = status.state === 'applied';
  // A client that does not tell the hash runs what it says it has applied, or what it ran before.
  const applied = runsIt ? await tx.revision(client, status.revision) : undefined;
  const runs = status.standing?.revision ?? (runsIt ? status.revision : undefined);
  const reportedHash = status.reportedHash ?? applied?.hash ?? client.reportedHash;
  await tx.updateClient(client, {
    bootId: status.bootId,
    seq: status.seq,
    reportedHash,
    reportedAt: at,
    ...(runs === undefined ? {} : { reportedRevision: runs }),
    ...(client.presence === 'unknown' ? { presence: 'online' as const, presenceAt: now } : {}),
  });
  return true;
}

/** The same end told again, e.g. with another list of refused tags. */
function sameEnd(command: CommandRecord, status: StatusReport): boolean {
  return command.state === status.state && (command.state === 'applied' || command.state === 'failed');
}

async function replaceErrors(
  tx: StoreTransaction,
  command: CommandRecord,
  { code, message, errors }: StatusReport,
  now: number,
): Promise<void> {
  if (code === command.code && JSON.stringify(errors) === JSON.stringify(command.errors)) return;
  await tx.updateCommand(command.commandId, { code, message, errors, updatedAt: now });
  await tx.addTransition({ commandId: command.commandId, state: command.state, at: now, code, message });
}

/** What the client has moved past can no longer become its configuration. */
async function supersedeOlder(
  tx: StoreTransaction,
  outcome: Outcome,
  ref: ClientRef,
  revision: number,
  at: number,
): Promise<void> {
  for (const open of await tx.openCommands(ref)) {
    if (open.revision >= revision) continue;
    await moveCommand(tx, outcome, open, 'superseded', {
      at,
      code: 'NEWER_APPLIED',
      message: `The client runs revision ${revision}`,
      actor: 'service',
    });
  }
}

/** A cancelled command that was applied after all is what the client runs: say so instead of drifting. */
async function desireAgain(
  tx: StoreTransaction,
  client: ClientRecord,
  command: CommandRecord,
): Promise<void> {
  if (command.revision > client.desiredRevision) {
    await tx.updateClient(client, { desiredRevision: command.revision });
  }
}

async function recordConnection(
  tx: StoreTransaction,
  outcome: Outcome,
  client: ClientRecord,
  change: ConnectionChange,
  context: ReconcileContext,
): Promise<Correlation> {
  if (change.status === 'offline') await recordWill(tx, client, change, context.now);
  else if (isLate(client, change)) return { kind: 'repeated', client };
  else if (isHeartbeat(client, change)) await recordHeartbeat(tx, client, change);
  else await recordBirth(tx, outcome, client, change, context);
  return { kind: 'connection', client };
}

/** The will of an earlier boot says nothing about the present one. */
async function recordWill(tx: StoreTransaction, client: ClientRecord, change: ConnectionChange, now: number) {
  if (client.bootId !== null && client.bootId !== change.bootId) return;
  await tx.updateClient(client, { presence: 'offline', presenceAt: now });
  for (const open of await tx.openCommands(client)) {
    // The broker keeps it for the client; silence is nobody's fault until the client is back.
    if (open.state === 'published') await tx.updateCommand(open.commandId, { applyDeadline: null });
  }
}

/** Said before what is known already: a retained message that was delivered again, for instance. */
function isLate(client: ClientRecord, { standing, bootId, at }: ConnectionChange): boolean {
  if (standing?.seq === undefined || client.bootId !== bootId || client.reportedAt === null) return false;
  return standing.seq <= client.seq && Date.parse(at) <= client.reportedAt;
}

/** It says again what it has said on this connection: nothing to reconcile, and no new time to answer in. */
function isHeartbeat(client: ClientRecord, change: ConnectionChange): boolean {
  const { standing, bootId, revision, reportedHash } = change;
  if (standing === undefined || client.presence !== 'online' || client.bootId !== bootId) return false;
  if (client.connection !== standing.connection) return false;
  return client.reportedRevision === revision && client.reportedHash === reportedHash;
}

async function recordHeartbeat(
  tx: StoreTransaction,
  client: ClientRecord,
  { standing, at }: ConnectionChange,
): Promise<void> {
  const seq = standing?.seq ?? client.seq;
  await tx.updateClient(client, { seq, reportedAt: Date.parse(at) });
}

async function recordBirth(
  tx: StoreTransaction,
  outcome: Outcome,
  client: ClientRecord,
  change: ConnectionChange,
  context: ReconcileContext,
): Promise<void> {
  const reported = {
    presence: 'online' as const,
    presenceAt: context.now,
    bootId: change.bootId,
    connection: change.standing?.connection ?? null,
    seq: change.standing?.seq ?? (change.bootId === client.bootId ? client.seq : 0),
    reportedRevision: change.revision,
    reportedHash: change.reportedHash,
    reportedAt: Date.parse(change.at),
  };
  await tx.updateClient(client, reported);
  await tx.wakeOutbox(client, context.now);
  const restarted = client.bootId !== change.bootId;
  await reconcile(tx, outcome, { ...client, ...reported }, restarted, context);
}
