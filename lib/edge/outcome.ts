import { type EgizError, type FieldError, toEgizError } from '../errors/egiz-error';
import type { Clock } from '../time/clock';
import type { Apply, ApplyContext, ApplyOutcome, Configuration } from './configuration';

/** A report tells the first hundred refused keys, and how many there are (SPEC 3). */
const MAX_ERRORS = 100;
const MAX_TEXT = 500;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/**
 * Lets the machine apply a configuration, but not for ever. Never rejects: what goes wrong is an outcome too.
 * @param timeoutMs without an outcome by then it is `failed` with `CONFIRM_TIMEOUT`
 */
export async function applyWithin(
  apply: Apply,
  configuration: Configuration,
  context: Omit<ApplyContext, 'signal'>,
  {
    clock,
    timeoutMs,
    stop,
  }: { readonly clock: Clock; readonly timeoutMs: number; readonly stop: AbortSignal },
): Promise<ApplyOutcome> {
  const over = new AbortController();
  const late = new Promise<ApplyOutcome>((resolve) => {
    const cancel = clock.after(timeoutMs, () => resolve(timedOut(timeoutMs)));
    over.signal.addEventListener('abort', cancel, { once: true });
    stop.addEventListener('abort', () => resolve(stopped()), { signal: over.signal });
  });
  const work = attempt(apply, configuration, { ...context, signal: over.signal });
  const outcome = await Promise.race([work, late]);
  over.abort();
  return outcome;
}

async function attempt(
  apply: Apply,
  configuration: Configuration,
  context: ApplyContext,
): Promise<ApplyOutcome> {
  try {
    return presentable(await apply(configuration, context));
  } catch (fault) {
    return presentable(failureOf(toEgizError(fault, 'APPLY_FAILED')));
  }
}

/** The outcome `failed` that an error stands for. */
export function failureOf({ code, message, cause }: EgizError): ApplyOutcome {
  return { state: 'failed', code, message, errors: cause.errors ?? [] };
}

function timedOut(timeoutMs: number): ApplyOutcome {
  return {
    state: 'failed',
    code: 'CONFIRM_TIMEOUT',
    message: `Nothing confirmed the configuration within ${timeoutMs / 1000} s`,
    errors: [],
  };
}

function stopped(): ApplyOutcome {
  return { state: 'failed', code: 'STOPPED', message: 'The client was stopped', errors: [] };
}

/** Cuts an outcome to what a report can carry; a code in another form becomes the state's own. */
export function presentable({ state, code, message, errors }: ApplyOutcome): ApplyOutcome {
  const shown = errors.slice(0, MAX_ERRORS).map(cut);
  const rest = errors.length - shown.length;
  if (rest > 0) shown.push({ pointer: '', rule: 'more', message: `${rest} more errors are not listed` });
  return {
    state,
    code: CODE.test(code) ? code : state.toUpperCase(),
    message: cutText(message),
    errors: shown,
  };
}

function cut({ pointer, rule, message }: FieldError): FieldError {
  return { pointer: cutText(pointer), rule: cutText(rule), message: cutText(message) };
}

function cutText(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}
