import type { EgizError } from '../errors/egiz-error';
import { toEgizError } from '../errors/egiz-error';
import type { HttpResponse } from './problem';
import { isCallersFault, problemFor } from './status';

/** The members of a message that `http in` made, as far as the API needs them. */
export interface HttpMessage {
  req?: {
    readonly params?: Readonly<Record<string, unknown>>;
    readonly query?: Readonly<Record<string, unknown>>;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly path?: string;
    readonly baseUrl?: string;
  };
  payload?: unknown;
  statusCode?: number;
  headers?: unknown;
}

/** Writes an answer into the message, for `http response`. */
export function respond(msg: HttpMessage, response: HttpResponse): void {
  msg.statusCode = response.status;
  msg.headers = { ...response.headers };
  msg.payload = response.body;
}

/**
 * Writes the problem answer of anything thrown into the message.
 * @returns the error when it is not the caller's fault and so must reach the operator, too
 */
export function respondProblem(msg: HttpMessage, thrown: unknown): EgizError | undefined {
  const error = toEgizError(thrown);
  respond(msg, problemFor(error));
  return isCallersFault(error) ? undefined : error;
}
