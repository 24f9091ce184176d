import type { ConfigurationCommand } from '../commands/messages';
import type { ClientRef } from '../topics/clients';
import { type ApplyOutcome, configurationOf } from './configuration';
import { superseded, type Verdict } from './judge';
import { addReport } from './reports';
import type { EdgeState, InboxEntry, TraceContext } from './state';

/** How the state of an edge client changes, as pure functions; each result is saved as one. */
export interface Circumstances {
  readonly ref: ClientRef;
  readonly now: number;
  /** The command that is being applied: it comes to its own end. */
  readonly applying: string | undefined;
}

/** A command has come and has been judged. */
export function afterVerdict(
  state: EdgeState,
  command: ConfigurationCommand,
  verdict: Exclude<Verdict, { kind: 'ignore' }>,
  trace: TraceContext,
  circumstances: Circumstances,
): EdgeState {
  const { ref, now } = circumstances;
  if (verdict.kind === 'repeat') return addReport(state, ref, { ...verdict.report, command, trace }, now);
  const seen = { ...state, newestRevision: Math.max(state.newestRevision, command.revision) };
  if (verdict.kind === 'answer') return addReport(seen, ref, { ...verdict, command, trace }, now);
  const entry: InboxEntry = { configuration: configurationOf(command), attempts: 0, trace };
  const received = {
    state: 'received',
    code: 'RECEIVED',
    message: 'It waits to be applied',
    errors: [],
  } as const;
  const taken = addReport(
    { ...seen, inbox: [...seen.inbox, entry] },
    ref,
    { ...received, command, trace },
    now,
  );
  return withoutOutdated(taken, circumstances);
}

/** Ends what waits although a newer revision does, too. */
export function withoutOutdated(state: EdgeState, { ref, now, applying }: Circumstances): EdgeState {
  const newest = Math.max(...state.inbox.map(({ configuration }) => configuration.revision));
  const isOutdated = ({ configuration }: InboxEntry) =>
    configuration.revision < newest && configuration.commandId !== applying;
  const remaining: EdgeState = { ...state, inbox: state.inbox.filter((entry) => !isOutdated(entry)) };
  return state.inbox
    .filter(isOutdated)
    .reduce(
      (next, { configuration, trace }) =>
        addReport(next, ref, { ...superseded(newest), command: configuration, trace }, now),
      remaining,
    );
}

/** An attempt to apply begins, or turns out not to have been one. */
export function countAttempt(state: EdgeState, entry: InboxEntry, attempts: number): EdgeState {
  const { commandId } = entry.configuration;
  const inbox = state.inbox.map((one) =>
    one.configuration.commandId === commandId ? { ...one, attempts } : one,
  );
  return { ...state, inbox };
}

/** A command has come to its end. */
export function finished(
  state: EdgeState,
  { configuration, trace }: InboxEntry,
  outcome: ApplyOutcome,
  { ref, now }: Circumstances,
): EdgeState {
  const inbox = state.inbox.filter((one) => one.configuration.commandId !== configuration.commandId);
  const lastGood = outcome.state === 'applied' ? configuration : state.lastGood;
  return addReport({ ...state, inbox, lastGood }, ref, { ...outcome, command: configuration, trace }, now);
}
