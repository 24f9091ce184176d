import { toEgizError } from '../lib/errors/egiz-error';

/** SPEC 6: 0 done, 1 the thing asked for failed, 2 wrong usage. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** At most this many faults of one document are shown; the rest would scroll the first away. */
const SHOWN_FAULTS = 20;

/** Says on the error output what failed, where, and the mend; with `json` as one object on the output. */
export function reportFailure(thrown: unknown, json: boolean): void {
  const { code, message, cause } = toEgizError(thrown);
  if (json) {
    console.log(JSON.stringify({ error: { code, message, ...cause } }));
    return;
  }
  console.error(`error: ${message}`);
  for (const fault of (cause.errors ?? []).slice(0, SHOWN_FAULTS)) console.error(`  ${fault.message}`);
  if (cause.mend !== undefined) console.error(`  ${cause.mend}`);
}

/** A result: as one JSON object, or as lines for a person. */
export function printResult(json: boolean, result: object, lines: readonly string[]): void {
  if (json) console.log(JSON.stringify(result));
  else for (const line of lines) console.log(line);
}
