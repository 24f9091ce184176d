import { connect } from 'node:net';
import { EgizError, toEgizError } from '../errors/egiz-error';
import { causeOfError } from '../mqtt/reasons';
import type { Endpoint } from './account';
import { CheckContext, type CheckOptions } from './context';
import { fail, NotGiven, notApplicable, type Outcome, type Requirement, type Result } from './requirement';
import { REQUIREMENTS } from './requirements';

/** No requirement takes longer; one that would has met a broker that does not answer. */
const LIMIT_MS = 120_000;
const REACH_MS = 10_000;

/**
 * Checks one requirement after the other against a running broker, and cleans up after each.
 * @param onResult told each result as it comes
 * @param signal stops it after cleaning up
 * @throws EgizError `BROKER_UNREACHABLE`, when nothing listens at one of the addresses; `CHECK_STOPPED`
 */
export async function checkBroker(
  options: CheckOptions,
  onResult: (result: Result) => void = () => undefined,
  requirements: readonly Requirement[] = REQUIREMENTS,
  signal: AbortSignal = new AbortController().signal,
): Promise<Result[]> {
  const check = new CheckContext(options);
  for (const endpoint of check.endpoints()) await reach(endpoint);
  await findUnusable(check);
  const results: Result[] = [];
  for (const requirement of requirements) {
    const outcome = await bounded(requirement, check, signal);
    if (signal.aborted)
      throw new EgizError('CHECK_STOPPED', 'The check was stopped; what it had made is cleaned up');
    const result = { id: requirement.id, title: requirement.title, ...outcome };
    results.push(result);
    onResult(result);
  }
  return results;
}

/** A broker that is not there would pass every requirement that something is refused. */
async function reach(endpoint: Endpoint): Promise<void> {
  const { host, port } = endpoint;
  const fault = await new Promise<Error | undefined>((resolve) => {
    const socket = connect({ host, port, timeout: REACH_MS });
    socket.once('connect', () => resolve(undefined));
    socket.once('error', resolve);
    socket.once('timeout', () => resolve(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    for (const event of ['connect', 'error', 'timeout']) socket.once(event, () => socket.destroy());
  });
  if (fault === undefined) return;
  throw new EgizError('BROKER_UNREACHABLE', causeOfError(fault, `${host}:${port}`).reason, {
    id: endpoint.url,
    mend: 'See that the broker runs and that this address leads to it.',
  });
}

/** Accounts that cannot log in are one finding (FR-1.3), not one for each requirement that needs them. */
async function findUnusable(check: CheckContext): Promise<void> {
  for (const account of check.options.accounts) {
    const attempt = await check.attemptAs(account);
    if (attempt.kind === 'refused') check.unusable.set(account.role, attempt.cause.reason);
    await check.cleanUp();
  }
}

async function bounded(requirement: Requirement, check: CheckContext, signal: AbortSignal): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve(fail(`no result within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
    signal.addEventListener('abort', () => resolve(fail('stopped')), { once: true });
  });
  try {
    return await Promise.race([requirement.run(check), late]);
  } catch (thrown) {
    if (thrown instanceof NotGiven) return notApplicable(thrown.message);
    return fail(toEgizError(thrown).message);
  } finally {
    clearTimeout(timer);
    await check.cleanUp();
  }
}
