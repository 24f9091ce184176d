import { EgizError } from '../errors/egiz-error';
import { hashSettings } from '../json/canonical';
import { type Change, diffJson } from '../json/diff';
import type { JsonObject } from '../json/json';
import { mergePatch } from '../json/merge';
import { checkJson } from '../json/parse';
import type { ClientRecord, CommandRecord, RevisionRecord, StoreTransaction } from '../store/store';
import type { ClientRef } from '../topics/clients';
import { insertCommand, newCommand, supersede } from './new-command';
import { type ConfigurationRequest, MAX_SETTINGS_BYTES, MAX_SETTINGS_DEPTH } from './request';
import type { ConfigurationSchemas } from './schemas';
import { isTerminal } from './states';
import type { Outcome } from './transition';

/** A request together with whom it is for and where it comes from. */
export interface ConfigurationOrder {
  readonly ref: ClientRef;
  readonly request: ConfigurationRequest;
  /** `If-Match`: the revision the caller has seen, or any. */
  readonly ifMatch?: number | '*';
  /** The token's subject. */
  readonly actor: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export type Acceptance =
  | {
      readonly kind: 'accepted';
      readonly client: ClientRecord;
      readonly command: CommandRecord;
      readonly hash: string;
    }
  /** The client has been told this content already; nothing new is stored or sent. */
  | {
      readonly kind: 'unchanged';
      readonly client: ClientRecord;
      readonly revision: RevisionRecord;
      readonly command: CommandRecord;
    }
  | {
      readonly kind: 'dry-run';
      readonly client: ClientRecord;
      readonly version: string;
      readonly schema: string;
      readonly hash: string;
      readonly bytes: number;
      readonly changes: readonly Change[];
    };

/** What the caller of `acceptOrder` injects. */
export interface AcceptanceContext {
  readonly schemas: ConfigurationSchemas;
  readonly now: number;
  /** A fresh UUIDv7. */
  readonly commandId: string;
}

interface Draft {
  readonly client: ClientRecord;
  readonly current: RevisionRecord | undefined;
  readonly schema: string;
  readonly settings: JsonObject;
  readonly hash: string;
}

/**
 * Validates an order and writes the new revision, its command, the outbox row and the audit row (SEQ step 3).
 * Commands of the client that have not been sent are superseded.
 * @throws EgizError `CLIENT_UNKNOWN`, `REVISION_STALE`, `SCHEMA_UNKNOWN`, `SETTINGS_TOO_LARGE`,
 * `SETTINGS_INVALID`, `VERSION_CONFLICT`
 */
export async function acceptOrder(
  tx: StoreTransaction,
  outcome: Outcome,
  order: ConfigurationOrder,
  context: AcceptanceContext,
): Promise<Acceptance> {
  const draft = await draftOf(tx, order, context.schemas);
  await checkVersion(tx, order, draft);
  if (order.request.dryRun) return dryRun(order, draft);
  const standing = await standingCommand(tx, draft);
  if (standing !== undefined && draft.current !== undefined) {
    return { kind: 'unchanged', client: draft.client, revision: draft.current, command: standing };
  }
  return insert(tx, outcome, order, draft, context);
}

async function draftOf(
  tx: StoreTransaction,
  { ref, request, ifMatch }: ConfigurationOrder,
  schemas: ConfigurationSchemas,
): Promise<Draft> {
  const client = await knownClient(tx, ref);
  checkBase(client, request.baseRevision);
  checkIfMatch(client, ifMatch);
  const schema = schemaFor(client, request.schema, schemas);
  const current = client.desiredRevision === 0 ? undefined : await tx.revision(ref, client.desiredRevision);
  const settings =
    request.mode === 'merge' ? mergePatch(current?.settings ?? {}, request.settings) : request.settings;
  checkSettings(settings, schema, schemas);
  return { client, current, schema, settings, hash: hashSettings(settings) };
}

/** @throws EgizError `CLIENT_UNKNOWN`, the same for a client of another tenant */
export async function knownClient(tx: StoreTransaction, ref: ClientRef): Promise<ClientRecord> {
  const client = await tx.client(ref);
  if (client !== undefined) return client;
  throw new EgizError('CLIENT_UNKNOWN', `There is no client "${ref.clientId}"`, {
    id: ref.clientId,
    mend: 'Check its id, or add it to the inventory.',
  });
}

function checkBase(client: ClientRecord, base: number | undefined): void {
  if (base !== undefined && base !== client.desiredRevision) throw new StaleRevision(client, `not ${base}`);
}

/** RFC 9110 section 13.1.1: `*` asks only that there is a configuration. */
function checkIfMatch(client: ClientRecord, ifMatch: number | '*' | undefined): void {
  if (ifMatch !== '*') checkBase(client, ifMatch);
  else if (client.desiredRevision === 0) throw new StaleRevision(client, 'and none is there yet');
}

/** The 412 of SPEC 3; it carries the revision that is current. */
export class StaleRevision extends EgizError {
  readonly currentRevision: number;

  constructor(client: ClientRecord, but: string) {
    const message = `The configuration of "${client.clientId}" is at revision ${client.desiredRevision}, ${but}`;
    const mend = 'Read the current revision, merge your change into it, and send again.';
    super('REVISION_STALE', message, { id: client.clientId, mend });
    this.currentRevision = client.desiredRevision;
  }
}

function schemaFor(client: ClientRecord, asked: string | undefined, schemas: ConfigurationSchemas): string {
  const schema = asked ?? schemas.latestFor(client.type);
  const known = schema !== undefined && schemas.has(schema);
  if (known && schema.slice(0, schema.lastIndexOf('/')) === client.type) return schema;
  const ours = schemas.names().filter((name) => name.startsWith(`${client.type}/`));
  throw new EgizError(
    'SCHEMA_UNKNOWN',
    schema === undefined
      ? `There is no schema for the client type "${client.type}"`
      : `"${schema}" is not a schema for the client type "${client.type}"`,
    {
      id: client.clientId,
      mend:
        ours.length > 0
          ? `Known for this type: ${ours.join(', ')}.`
          : `Add a file ${client.type}.1.json to the folder of client schemas.`,
    },
  );
}

function checkSettings(settings: JsonObject, schema: string, schemas: ConfigurationSchemas): void {
  const bytes = Buffer.byteLength(JSON.stringify(settings));
  if (bytes > MAX_SETTINGS_BYTES) {
    throw new EgizError(
      'SETTINGS_TOO_LARGE',
      `"settings" has ${bytes} bytes of JSON; at most ${MAX_SETTINGS_BYTES} are accepted`,
      {
        mend: 'Leave out what equals a default, or divide the work between several clients.',
      },
    );
  }
  checkJson(settings, MAX_SETTINGS_DEPTH);
  const errors = schemas.validate(schema, settings);
  if (errors.length === 0) return;
  const first = errors[0];
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new EgizError(
    'SETTINGS_INVALID',
    `The settings do not fit ${schema}: ${first?.pointer} ${first?.message}${more}`,
    {
      mend: 'Mend the places named in "errors" and send again; nothing was stored.',
      errors,
    },
  );
}

async function checkVersion(tx: StoreTransaction, order: ConfigurationOrder, draft: Draft): Promise<void> {
  const { version } = order.request;
  const labelled = await tx.revisionByVersion(order.ref, version);
  if (labelled === undefined || (labelled.hash === draft.hash && labelled.schema === draft.schema)) return;
  throw new EgizError(
    'VERSION_CONFLICT',
    `The label "${version}" of "${order.ref.clientId}" already stands for other content (revision ${labelled.revision})`,
    { id: order.ref.clientId, mend: 'Choose a new label for the new content.' },
  );
}

/** The command that already carries this very content to the client, unless it came to a bad end. */
async function standingCommand(tx: StoreTransaction, draft: Draft): Promise<CommandRecord | undefined> {
  const { client, current } = draft;
  if (current === undefined || current.hash !== draft.hash || current.schema !== draft.schema)
    return undefined;
  const command = await tx.commandForRevision(client, current.revision);
  return command !== undefined && (command.state === 'applied' || !isTerminal(command.state))
    ? command
    : undefined;
}

function dryRun({ request }: ConfigurationOrder, draft: Draft): Acceptance {
  return {
    kind: 'dry-run',
    client: draft.client,
    version: request.version,
    schema: draft.schema,
    hash: draft.hash,
    bytes: Buffer.byteLength(JSON.stringify(draft.settings)),
    changes: diffJson(draft.current?.settings ?? {}, draft.settings),
  };
}

async function insert(
  tx: StoreTransaction,
  outcome: Outcome,
  order: ConfigurationOrder,
  draft: Draft,
  { now, commandId }: AcceptanceContext,
): Promise<Acceptance> {
  const { ref, request, actor } = order;
  const revision = draft.client.lastRevision + 1;
  await supersedeUnsent(tx, outcome, ref, revision, now);
  await tx.insertRevision({
    ...ref,
    revision,
    version: request.version,
    schema: draft.schema,
    settings: draft.settings,
    hash: draft.hash,
    createdAt: now,
    createdBy: actor,
  });
  await tx.updateClient(ref, { lastRevision: revision, desiredRevision: revision });
  const command = await insertCommand(tx, outcome, {
    ...newCommand(ref, commandId, now),
    revision,
    version: request.version,
    origin: 'request',
    expiresAt: now + request.expiresInSeconds * 1000,
    applyTimeoutSeconds: request.applyTimeoutSeconds,
    traceparent: order.traceparent ?? null,
    tracestate: order.tracestate ?? null,
    requestedBy: actor,
    message: 'Stored; it will be published',
  });
  return { kind: 'accepted', client: draft.client, command, hash: draft.hash };
}

/** A newer revision takes the place of older ones that have not left the service. */
async function supersedeUnsent(
  tx: StoreTransaction,
  outcome: Outcome,
  ref: ClientRef,
  revision: number,
  at: number,
): Promise<void> {
  for (const open of await tx.openCommands(ref)) {
    if (open.state !== 'accepted' && open.state !== 'queued') continue;
    // One that is on the wire right now is not unsent; its publisher decides when it knows.
    const row = await tx.outboxRow(open.commandId);
    if (row === undefined || row.claimedUntil <= at) await supersede(tx, outcome, open, revision, at);
  }
}
