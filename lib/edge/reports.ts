import type { ReportedState, StatusReport } from '../commands/messages';
import { uuidBytes } from '../commands/uuid';
import type { FieldError } from '../errors/egiz-error';
import type { PublishRequest, Will } from '../mqtt/link';
import { type ClientRef, clientStatusTopic } from '../topics/clients';
import type { EdgeState, KeptReport, TraceContext } from './state';

/** So many reports are remembered, to be repeated when a command comes again. */
const MAX_REPORTS = 128;

/** What there is to say about a command. */
export interface Statement {
  readonly command: Pick<StatusReport, 'commandId' | 'revision' | 'version'>;
  readonly state: ReportedState;
  readonly code: string;
  readonly message: string;
  readonly errors: readonly FieldError[];
  readonly trace: TraceContext;
}

/** Adds a report to the state, with the next sequence number; it is pending until the broker has taken it. */
export function addReport(state: EdgeState, ref: ClientRef, statement: Statement, now: number): EdgeState {
  const { command, state: reported, code, message, errors, trace } = statement;
  const { commandId, revision, version } = command;
  const seq = state.seq + 1;
  const report: StatusReport = {
    type: 'ClientStatusReported',
    commandId,
    ...ref,
    revision,
    version,
    state: reported,
    code,
    message,
    errors,
    reportedHash: state.lastGood?.hash ?? null,
    at: new Date(now).toISOString(),
    bootId: state.bootId,
    seq,
  };
  // An end says all that an earlier report of the command could say.
  const others = state.reports.filter((kept) => kept.report.commandId !== commandId);
  return { ...state, seq, reports: trimmed([...others, { report, trace, pending: true }]) };
}

/** Notes that the broker has taken a report. */
export function settleReport(state: EdgeState, { bootId, seq }: StatusReport): EdgeState {
  const isIt = ({ report }: KeptReport) => report.bootId === bootId && report.seq === seq;
  return {
    ...state,
    reports: state.reports.map((kept) => (isIt(kept) ? { ...kept, pending: false } : kept)),
  };
}

/** Forgets the oldest that was told; then the oldest `superseded`, which the service concludes by itself. */
function trimmed(reports: readonly KeptReport[]): readonly KeptReport[] {
  if (reports.length <= MAX_REPORTS) return reports;
  const told = reports.findIndex(({ pending }) => !pending);
  const idle = told >= 0 ? told : reports.findIndex(({ report }) => report.state === 'superseded');
  return reports.toSpliced(Math.max(idle, 0), 1);
}

export function reportMessage(ref: ClientRef, { report, trace }: KeptReport): PublishRequest {
  return {
    topic: clientStatusTopic(ref),
    payload: JSON.stringify(report),
    qos: 1,
    properties: {
      correlationData: uuidBytes(report.commandId),
      contentType: 'application/json',
      payloadFormatIndicator: true,
      userProperties: { ...trace, revision: String(report.revision) },
    },
  };
}

/** The birth (`online`) or will (`offline`) message of a client. */
export function connectionMessage(
  ref: ClientRef,
  state: EdgeState,
  status: 'online' | 'offline',
  now: number,
): Will {
  return {
    topic: clientStatusTopic(ref),
    payload: JSON.stringify({
      type: 'ClientConnectionChanged',
      ...ref,
      status,
      revision: state.lastGood?.revision ?? 0,
      reportedHash: state.lastGood?.hash ?? null,
      bootId: state.bootId,
      at: new Date(now).toISOString(),
    }),
    qos: 1,
    retain: false,
    properties: { contentType: 'application/json', payloadFormatIndicator: true },
  };
}
