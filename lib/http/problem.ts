import type { EgizError } from '../errors/egiz-error';
import type { JsonObject, JsonValue } from '../json/json';

/** A complete HTTP answer, ready for `http response`. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** An error answer: RFC 9457 `application/problem+json`. */
export type ProblemResponse = HttpResponse;

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Content too large',
  415: 'Unsupported media type',
  422: 'Unprocessable content',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Service unavailable',
};

/**
 * Builds a problem answer.
 * @param status HTTP status code
 * @param code stable upper snake case name of the error; becomes the last part of the problem's `type`
 * @param detail a sentence for a person: what is wrong, where, and the mend
 */
export function problem(
  status: number,
  code: string,
  detail: string,
  extra: { readonly headers?: Record<string, string>; readonly members?: JsonObject } = {},
): ProblemResponse {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...extra.headers },
    body: {
      type: `urn:openegiz:problem:${code.toLowerCase().replaceAll('_', '-')}`,
      title: TITLES[status] ?? 'Error',
      status,
      code,
      detail,
      ...extra.members,
    },
  };
}

/** The problem answer of an error; its mend and its field errors are part of it. */
export function problemOf(
  status: number,
  error: EgizError,
  extra: { readonly headers?: Record<string, string>; readonly members?: JsonObject } = {},
): ProblemResponse {
  const { mend, errors } = error.cause;
  const detail = mend === undefined ? error.message : `${error.message}. ${mend}`;
  const members: JsonObject = { ...extra.members };
  if (errors !== undefined) members.errors = errors.map((one): JsonValue => ({ ...one }));
  return problem(status, error.code, detail, { ...extra, members });
}
