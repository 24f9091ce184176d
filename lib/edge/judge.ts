import type { ConfigurationCommand, StatusReport } from '../commands/messages';
import type { ConfigurationSchemas } from '../commands/schemas';
import { EgizError, type FieldError } from '../errors/egiz-error';
import { hashSettings } from '../json/canonical';
import type { ClientRef } from '../topics/clients';
import type { ApplyOutcome, Configuration } from './configuration';
import type { EdgeState, InboxEntry } from './state';

/** The part of the schema registry the edge needs. */
export type EdgeSchemas = Pick<ConfigurationSchemas, 'has' | 'validate'>;

export type Verdict =
  /** Not for us to act on; `why` is for the log. */
  | { readonly kind: 'ignore'; readonly why: EgizError }
  /** Known already: say again what was said last. */
  | { readonly kind: 'repeat'; readonly report: StatusReport }
  | { readonly kind: 'take' }
  | {
      readonly kind: 'answer';
      readonly state: 'applied' | 'rejected' | 'failed' | 'superseded';
      readonly code: string;
      readonly message: string;
      readonly errors: readonly FieldError[];
    };

export interface Bench {
  readonly ref: ClientRef;
  readonly state: EdgeState;
  /** Absent: settings are taken as they are. */
  readonly schemas: EdgeSchemas | undefined;
  readonly now: number;
}

/** A command the disk did not take; it is welcome again. */
export const NOT_STORED = 'NOT_STORED';

/** What to do with a command (SPEC 3 "Edge client"). Pure; the first finding decides. */
export function judge(command: ConfigurationCommand, bench: Bench): Verdict {
  const { ref, state, schemas, now } = bench;
  if (command.tenantId !== ref.tenantId || command.clientId !== ref.clientId) return notOurs(command, ref);
  const known = state.reports.findLast(({ report }) => report.commandId === command.commandId)?.report;
  if (known !== undefined && known.code !== NOT_STORED) return { kind: 'repeat', report: known };
  if (command.revision < state.newestRevision) return superseded(state.newestRevision);
  if (Date.parse(command.expiresAt) <= now) return expired(command, now);
  if (hashSettings(command.settings) !== command.hash) {
    return answer('rejected', 'HASH_MISMATCH', 'The settings are not those the hash was made of');
  }
  if (schemas !== undefined) {
    const refused = checkSettings(command, schemas);
    if (refused !== undefined) return refused;
  }
  const { lastGood } = state;
  if (lastGood !== null && lastGood.revision === command.revision && lastGood.hash === command.hash) {
    return answer('applied', 'ALREADY_APPLIED', `Revision ${command.revision} is in effect already`);
  }
  return { kind: 'take' };
}

export function superseded(byRevision: number): Extract<Verdict, { kind: 'answer' }> {
  return answer('superseded', 'NEWER_REVISION', `Revision ${byRevision} has taken its place`);
}

function checkSettings(command: ConfigurationCommand, schemas: EdgeSchemas): Verdict | undefined {
  if (!schemas.has(command.schema)) {
    return answer('rejected', 'SCHEMA_UNKNOWN', `This client does not know the schema ${command.schema}`);
  }
  const errors = schemas.validate(command.schema, command.settings);
  if (errors.length === 0) return undefined;
  const message = `The settings do not fit ${command.schema}: ${errors[0]?.pointer} ${errors[0]?.message}`;
  return answer('rejected', 'INVALID', message, errors);
}

/** Says both times: the fault may be the clock of this machine. */
function expired(command: ConfigurationCommand, now: number): Verdict {
  const message = `It expired at ${command.expiresAt}; here it is ${new Date(now).toISOString()}`;
  return answer('failed', 'EXPIRED', message);
}

function notOurs(command: ConfigurationCommand, ref: ClientRef): Verdict {
  const why = new EgizError(
    'COMMAND_NOT_OURS',
    `A command for ${command.tenantId}.${command.clientId} came to ${ref.tenantId}.${ref.clientId}`,
    { id: command.commandId, mend: 'Check who may publish on the command topic.' },
  );
  return { kind: 'ignore', why };
}

function answer(
  state: Extract<Verdict, { kind: 'answer' }>['state'],
  code: string,
  message: string,
  errors: readonly FieldError[] = [],
): Extract<Verdict, { kind: 'answer' }> {
  return { kind: 'answer', state, code, message, errors };
}

/** A configuration that ended the process this often is given up. */
const MAX_ATTEMPTS = 3;

/** A command that need not be applied, or must not be once more. */
export function endKnownBefore(
  { configuration, attempts }: InboxEntry,
  lastGood: Configuration | null,
): ApplyOutcome | undefined {
  if (lastGood?.revision === configuration.revision && lastGood.hash === configuration.hash) {
    return { state: 'applied', code: 'ALREADY_APPLIED', message: 'It is in effect already', errors: [] };
  }
  if (attempts < MAX_ATTEMPTS) return undefined;
  const message = `The process ended ${attempts} times while it applied this configuration`;
  return { state: 'failed', code: 'APPLY_CRASHED', message, errors: [] };
}
