import { StaleRevision } from '../commands/accept';
import { EgizError, toEgizError } from '../errors/egiz-error';
import { type ProblemResponse, problem, problemOf } from './problem';

/** Which HTTP status an error of the domain has (SPEC 3). */
const STATUS: Readonly<Record<string, number>> = {
  INVALID_REQUEST: 400,
  INVALID_IDENTIFIER: 400,
  JSON_SYNTAX: 400,
  JSON_NOT_UTF8: 400,
  JSON_REFUSED: 400,
  SETTINGS_INVALID: 400,
  NOT_AUTHENTICATED: 401,
  SCOPE_MISSING: 403,
  CLIENT_UNKNOWN: 404,
  COMMAND_UNKNOWN: 404,
  REVISION_UNKNOWN: 404,
  CONFIGURATION_NONE: 404,
  VERSION_CONFLICT: 409,
  TOO_LATE_TO_CANCEL: 409,
  REVISION_STALE: 412,
  JSON_TOO_LARGE: 413,
  SETTINGS_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  SCHEMA_UNKNOWN: 422,
  IDEMPOTENCY_KEY_REUSED: 422,
  TOO_MANY_REQUESTS: 429,
  STORE_UNAVAILABLE: 503,
};

/** A caller that waits this long finds the store back, or the flow restarted. */
const RETRY_AFTER_SECONDS = 5;

/** True for an error that is the caller's to mend; anything else belongs to the operator, too. */
export function isCallersFault(error: EgizError): boolean {
  const status = STATUS[error.code] ?? 500;
  return status < 500;
}

/** The problem answer for anything thrown. What is not ours to show stays in the log. */
export function problemFor(thrown: unknown): ProblemResponse {
  const error = toEgizError(thrown);
  const status = STATUS[error.code] ?? 500;
  if (error instanceof StaleRevision) {
    return problemOf(status, error, {
      headers: { etag: etag(error.currentRevision) },
      members: { currentRevision: error.currentRevision },
    });
  }
  if (status === 401) return problemOf(status, error, { headers: { 'www-authenticate': 'Bearer' } });
  if (status === 429) return problemOf(status, error, { headers: { 'retry-after': '1' } });
  if (status === 503)
    return problemOf(status, error, { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } });
  if (status === 500) {
    return problem(
      500,
      'INTERNAL',
      'The service failed on this request; its log says why. Nothing was half done.',
    );
  }
  return problemOf(status, error);
}

/** The entity tag of a revision. */
export function etag(revision: number): string {
  return `"rev-${revision}"`;
}

/** @throws EgizError `INVALID_REQUEST` for an `If-Match` that is not one of our tags */
export function parseIfMatch(header: string | undefined): number | '*' | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  const revision = /^"rev-(0|[1-9]\d{0,14})"$/.exec(header.trim())?.[1];
  if (revision !== undefined) return Number(revision);
  throw new EgizError(
    'INVALID_REQUEST',
    `If-Match ${JSON.stringify(header.slice(0, 80))} is not an entity tag of a configuration`,
    {
      mend: 'Use the ETag of an earlier answer, e.g. "rev-7" with its quotes.',
      errors: [{ pointer: '', rule: 'if-match', message: 'must be "rev-N"' }],
    },
  );
}
