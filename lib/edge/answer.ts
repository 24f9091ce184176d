import { EgizError, type FieldError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject } from '../json/json';
import type { ApplyOutcome } from './configuration';

/** What a flow says about a configuration it was given; everything is optional, nothing is trusted. */
export interface Answer {
  /** `applied`, `failed` or `rejected`; absent: told by the rest. */
  readonly state?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  /** An error as Catch nodes make it, an Error, or a text. */
  readonly error?: unknown;
  /** One for each key the machine refused: `{pointer, rule, message}`, or a text. */
  readonly errors?: unknown;
}

const STATES = ['applied', 'failed', 'rejected'] as const;
type State = (typeof STATES)[number];

/**
 * Turns a flow's answer into an outcome by the table of findings: an error is `failed`, refused keys are
 * `applied` with `APPLIED_WITH_ERRORS`, or `failed` where the settings say `apply.onTagError: "fail"`.
 * @throws EgizError `CONFIG_ANSWER_INVALID`
 */
export function outcomeOf(answer: Answer, settings: JsonObject): ApplyOutcome {
  const errors = errorsOf(answer.errors);
  const fault = faultOf(answer.error);
  const state = stateOf(answer.state) ?? impliedState(fault, errors, settings);
  return {
    state,
    code: textOf(answer.code) ?? fault?.code ?? impliedCode(state, errors),
    message: textOf(answer.message) ?? fault?.message ?? impliedMessage(state, errors),
    errors: errors.length > 0 ? errors : (fault?.errors ?? []),
  };
}

function stateOf(value: unknown): State | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const known = STATES.find((state) => state === value);
  if (known !== undefined) return known;
  throw invalid(`msg.state is ${JSON.stringify(value)}, not one of ${STATES.join(', ')}`);
}

function impliedState(fault: Fault | undefined, errors: readonly FieldError[], settings: JsonObject): State {
  if (fault !== undefined) return 'failed';
  const { apply } = settings;
  const strict = isJsonObject(apply) && apply.onTagError === 'fail';
  return errors.length > 0 && strict ? 'failed' : 'applied';
}

function impliedCode(state: State, errors: readonly FieldError[]): string {
  if (state === 'rejected') return 'INVALID';
  if (state === 'failed') return errors.length > 0 ? 'TAG_ERRORS' : 'APPLY_FAILED';
  return errors.length > 0 ? 'APPLIED_WITH_ERRORS' : 'APPLIED';
}

function impliedMessage(state: State, errors: readonly FieldError[]): string {
  const refused = errors.length === 1 ? '1 key was refused' : `${errors.length} keys were refused`;
  if (state !== 'applied') return errors.length > 0 ? refused : 'The configuration could not be applied';
  return errors.length > 0 ? `The configuration is in effect; ${refused}` : 'The configuration is in effect';
}

interface Fault {
  readonly code: string | undefined;
  readonly message: string;
  readonly errors: readonly FieldError[] | undefined;
}

function faultOf(error: unknown): Fault | undefined {
  if (error === undefined || error === null || error === false || error === '') return undefined;
  if (error instanceof Error || isJsonObject(error)) {
    const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown };
    const { errors } = isJsonObject(cause) ? cause : {};
    return {
      code: textOf(code),
      message: textOf(message) ?? 'The flow has reported an error',
      errors: Array.isArray(errors) ? errorsOf(errors) : undefined,
    };
  }
  return { code: undefined, message: textOf(error) ?? 'The flow has reported an error', errors: undefined };
}

function errorsOf(value: unknown): FieldError[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid('msg.errors is not a list');
  return value.map((entry: unknown) => {
    if (typeof entry === 'string') return { pointer: '', rule: 'error', message: entry };
    if (!isJsonObject(entry)) throw invalid('msg.errors has an entry that is neither a text nor an object');
    const { pointer, rule, message } = entry;
    return {
      pointer: typeof pointer === 'string' ? pointer : '',
      rule: textOf(rule) ?? 'error',
      message: textOf(message) ?? 'was refused',
    };
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function invalid(why: string): EgizError {
  return new EgizError('CONFIG_ANSWER_INVALID', `The answer to the configuration cannot be used: ${why}`, {
    mend: 'See the help of the config report node.',
  });
}
