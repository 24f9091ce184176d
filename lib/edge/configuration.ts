import type { ConfigurationCommand } from '../commands/messages';
import type { FieldError } from '../errors/egiz-error';
import type { JsonObject } from '../json/json';

/** A configuration as the edge keeps and applies it. */
export interface Configuration {
  /** The command that brought it. */
  readonly commandId: string;
  readonly revision: number;
  readonly version: string;
  readonly schema: string;
  readonly settings: JsonObject;
  readonly hash: string;
}

export function configurationOf(command: ConfigurationCommand): Configuration {
  const { commandId, revision, version, schema, settings, hash } = command;
  return { commandId, revision, version, schema, settings, hash };
}

/** What the machine made of a configuration. */
export interface ApplyOutcome {
  /** `rejected`: nothing was touched; `failed`: tried and undone. */
  readonly state: 'applied' | 'rejected' | 'failed';
  /** Upper snake case: `APPLIED`, `APPLIED_WITH_ERRORS`, `TAG_ERRORS`, `UNREACHABLE`, ... */
  readonly code: string;
  /** A sentence for a person. */
  readonly message: string;
  /** One for each key that was refused, with pointers into the settings. */
  readonly errors: readonly FieldError[];
}

export interface ApplyContext {
  /**
   * `command`: a new configuration, whose outcome is reported. `resume`: the last good one after a start.
   * `rollback`: the last good one after a new one has failed. The outcomes of the last two are not reported.
   */
  readonly reason: 'command' | 'resume' | 'rollback';
  /** What was running before. */
  readonly previous: Configuration | null;
  /** 2 and more: the process died during the attempts before. */
  readonly attempt: number;
  /** Aborted when nobody waits for the outcome any more. */
  readonly signal: AbortSignal;
}

/** Applies a configuration to the machine without a restart. A rejected promise counts as `failed`. */
export type Apply = (configuration: Configuration, context: ApplyContext) => Promise<ApplyOutcome>;

export const APPLIED: ApplyOutcome = {
  state: 'applied',
  code: 'APPLIED',
  message: 'The configuration is in effect',
  errors: [],
};
