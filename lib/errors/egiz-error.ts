/** One violated rule, addressed by JSON Pointer (RFC 6901) into the document that was checked. */
export interface FieldError {
  /** JSON Pointer; the empty string is the whole document. */
  readonly pointer: string;
  /** The rule's short name: a JSON Schema keyword, or a name of our own such as `maxDepth`. */
  readonly rule: string;
  /** A sentence for a person. */
  readonly message: string;
}

/** What an error is about and how to mend it. Travels as `error.cause` to Catch nodes. */
export interface ErrorDetail {
  /** The MQTT topic or filter concerned. */
  readonly topic?: string;
  /** The command, client, account or file concerned. */
  readonly id?: string;
  /** What to do about it, as one sentence. */
  readonly mend?: string;
  readonly errors?: readonly FieldError[];
  /** The MQTT 5 reason code behind the error, if the broker gave one. */
  readonly reasonCode?: number;
}

/**
 * An error a person or a flow can act on. `code` is stable and in upper snake case,
 * `message` says what is wrong and where, `cause.mend` what to do.
 */
export class EgizError extends Error {
  override readonly name = 'EgizError';
  readonly code: string;
  override readonly cause: ErrorDetail;

  constructor(code: string, message: string, detail: ErrorDetail = {}) {
    super(message);
    this.code = code;
    this.cause = detail;
  }
}

/** Turns anything thrown into an EgizError, keeping the one that already is. */
export function toEgizError(thrown: unknown, code = 'INTERNAL'): EgizError {
  if (thrown instanceof EgizError) return thrown;
  if (thrown instanceof Error) {
    const system = (thrown as NodeJS.ErrnoException).code;
    const error = new EgizError(typeof system === 'string' ? system : code, thrown.message);
    if (thrown.stack !== undefined) error.stack = thrown.stack;
    return error;
  }
  return new EgizError(code, String(thrown));
}
