import { knownClient } from '../commands/accept';
import { knownCommand } from '../commands/cancel';
import { EgizError } from '../errors/egiz-error';
import { diffJson } from '../json/diff';
import type { JsonObject, JsonValue } from '../json/json';
import type { ClientFilter, Page, RevisionRecord, Store, StoreTransaction } from '../store/store';
import type { ClientRef } from '../topics/clients';
import { alertView, clientView, commandView, revisionView, transitionView } from './views';

/** One page of a list; `after` begins the next one, null on the last. */
export interface Slice {
  readonly items: readonly JsonObject[];
  readonly after: string | number | null;
}

/** Reads for people and programs: nothing here changes the store. */
export class Fleet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  clients(filter: ClientFilter, page: Page<string>): Promise<Slice> {
    return this.#store.transaction(async (tx) => {
      const rows = await tx.clients(filter, more(page));
      return slice(rows, page, clientView, (row) => row.clientId);
    });
  }

  /** Every tenant, with the number of its clients. */
  tenants(): Promise<readonly JsonObject[]> {
    return this.#store.transaction(async (tx) => {
      const sizes = new Map<string, number>();
      for (const { tenantId } of await tx.registeredClients())
        sizes.set(tenantId, (sizes.get(tenantId) ?? 0) + 1);
      return [...sizes].map(([tenantId, clients]) => ({ tenantId, clients }));
    });
  }

  /** @throws EgizError `CLIENT_UNKNOWN` */
  client(ref: ClientRef): Promise<JsonObject> {
    return this.#store.transaction(async (tx) => clientView(await knownClient(tx, ref)));
  }

  /**
   * The settings of a revision, by default of the desired one.
   * @throws EgizError `CLIENT_UNKNOWN`, `REVISION_UNKNOWN`, `CONFIGURATION_NONE`
   */
  configuration(ref: ClientRef, revision?: number): Promise<JsonObject> {
    return this.#store.transaction(async (tx) => {
      const client = await knownClient(tx, ref);
      const record = await tx.revision(ref, revision ?? client.desiredRevision);
      if (record !== undefined) return { ...revisionView(record), settings: record.settings };
      if (revision !== undefined) {
        throw new EgizError('REVISION_UNKNOWN', `"${ref.clientId}" has no revision ${revision}`, {
          id: ref.clientId,
        });
      }
      throw new EgizError('CONFIGURATION_NONE', `"${ref.clientId}" has no configuration yet`, {
        id: ref.clientId,
        mend: 'Push one first.',
      });
    });
  }

  /** Revisions, newest first, each with what it changed against the one before. */
  history(ref: ClientRef, page: Page<number>): Promise<Slice> {
    return this.#store.transaction(async (tx) => {
      await knownClient(tx, ref);
      const rows = await tx.revisions(ref, more(page));
      const views = new Map<number, JsonObject>();
      for (const row of rows) views.set(row.revision, await historyView(tx, row));
      return slice(
        rows,
        page,
        (row) => views.get(row.revision) ?? {},
        (row) => row.revision,
      );
    });
  }

  commands(ref: ClientRef, page: Page<string>): Promise<Slice> {
    return this.#store.transaction(async (tx) => {
      await knownClient(tx, ref);
      return slice(await tx.commands(ref, more(page)), page, commandView, (row) => row.commandId);
    });
  }

  /** @throws EgizError `CLIENT_UNKNOWN`, `COMMAND_UNKNOWN` */
  command(ref: ClientRef, commandId: string): Promise<JsonObject> {
    return this.#store.transaction(async (tx) => {
      await knownClient(tx, ref);
      const command = await knownCommand(tx, ref, commandId);
      const transitions = (await tx.transitions(commandId)).map((one): JsonValue => transitionView(one));
      return { ...commandView(command), transitions };
    });
  }

  alerts(tenantId: string, page: Page<number>): Promise<Slice> {
    return this.#store.transaction(async (tx) =>
      slice(await tx.alerts(tenantId, more(page)), page, alertView, (row) => row.id),
    );
  }

  /**
   * The accounting invariant (SPEC 3): what was accepted, counted from the audit trail, against the sum of the
   * commands in every state.
   */
  counts(scope: Partial<ClientRef>): Promise<JsonObject> {
    return this.#store.transaction(async (tx) => {
      const states = await tx.countByState(scope);
      const accepted = await tx.countAccepted(scope);
      const sum = Object.values(states).reduce((total, count) => total + count, 0);
      const { rows } = await tx.outboxDepth();
      return { accepted, sum, balanced: accepted === sum, states: { ...states }, outbox: rows };
    });
  }
}

async function historyView(tx: StoreTransaction, row: RevisionRecord): Promise<JsonObject> {
  const before = row.revision > 1 ? await tx.revision(row, row.revision - 1) : undefined;
  const command = await tx.commandForRevision(row, row.revision);
  const changes = diffJson(before?.settings ?? {}, row.settings).map((change): JsonValue => ({ ...change }));
  return {
    ...revisionView(row),
    state: command?.state ?? null,
    commandId: command?.commandId ?? null,
    changes,
  };
}

/** Asks for one more row than shown, to know whether there is a next page. */
function more<Key>(page: Page<Key>): Page<Key> {
  return { ...page, limit: page.limit + 1 };
}

function slice<Row>(
  rows: readonly Row[],
  page: Page<unknown>,
  view: (row: Row) => JsonObject,
  key: (row: Row) => string | number,
): Slice {
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  const after = rows.length > page.limit && last !== undefined ? key(last) : null;
  return { items: shown.map(view), after };
}
