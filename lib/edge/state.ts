import type { StatusReport } from '../commands/messages';
import { EgizError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject } from '../json/json';
import type { Configuration } from './configuration';

/** A command that has been taken and not yet been finished. */
export interface InboxEntry {
  readonly configuration: Configuration;
  /** How often it has been begun; counted before each attempt, so that one that kills the process is noticed. */
  readonly attempts: number;
  readonly trace: TraceContext;
}

/** W3C Trace Context of the command, handed on with its reports. */
export interface TraceContext {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export interface KeptReport {
  readonly report: StatusReport;
  readonly trace: TraceContext;
  /** The broker has not acknowledged it yet. */
  readonly pending: boolean;
}

/** All an edge client must not forget. */
export interface EdgeState {
  readonly format: 1;
  readonly lastGood: Configuration | null;
  /** Highest revision of any command that was taken: what is lower comes too late. */
  readonly newestRevision: number;
  readonly inbox: readonly InboxEntry[];
  /** In the order they were made; of settled ones the latest of each command. */
  readonly reports: readonly KeptReport[];
  readonly bootId: string;
  /** The last sequence number given out in this boot. */
  readonly seq: number;
}

export function emptyState(bootId: string): EdgeState {
  return { format: 1, lastGood: null, newestRevision: 0, inbox: [], reports: [], bootId, seq: 0 };
}

/** Where the state is kept. */
export interface EdgeStateStore {
  /**
   * What was saved last, or undefined at the first start.
   * @throws EgizError `EDGE_STATE_CORRUPT` after the unreadable state has been put aside
   */
  load(): EdgeState | undefined;
  /** Durable when it returns. */
  save(state: EdgeState): void;
}

/**
 * Checks a parsed state file. Its own program wrote it, so the form is checked and not every value.
 * @throws EgizError `EDGE_STATE_CORRUPT`
 */
export function parseState(value: unknown): EdgeState {
  if (!isJsonObject(value) || value.format !== 1) throw corrupt('it has not the format 1');
  const { lastGood, newestRevision, inbox, reports, bootId, seq } = value;
  const whole =
    (lastGood === null || isConfiguration(lastGood)) &&
    Number.isSafeInteger(newestRevision) &&
    Number.isSafeInteger(seq) &&
    typeof bootId === 'string' &&
    Array.isArray(inbox) &&
    inbox.every((entry) => isJsonObject(entry) && isConfiguration(entry.configuration)) &&
    Array.isArray(reports) &&
    reports.every((entry) => isJsonObject(entry) && isReport(entry.report));
  if (!whole) throw corrupt('members are missing or wrong');
  return value as unknown as EdgeState;
}

function isConfiguration(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    isJsonObject(value.settings) &&
    Number.isSafeInteger(value.revision) &&
    texts(value, ['commandId', 'version', 'schema', 'hash'])
  );
}

function isReport(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    texts(value, ['commandId', 'state', 'code', 'message']) &&
    Array.isArray(value.errors)
  );
}

function texts(value: JsonObject, names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'string');
}

export function corrupt(why: string): EgizError {
  return new EgizError('EDGE_STATE_CORRUPT', `The saved state of the client cannot be used: ${why}`, {
    mend: 'The service sends the configuration again; nothing has to be done.',
  });
}
