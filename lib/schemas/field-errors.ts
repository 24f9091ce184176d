import type { ErrorObject } from 'ajv';
import type { FieldError } from '../errors/egiz-error';
import { escapePointer } from '../json/json';
import { sentenceOf } from './sentences';

/** A document with thousands of faults is told its first hundred, and how many there are. */
export const MAX_FIELD_ERRORS = 100;

/** Rules that only repeat what an error inside them says. */
const ECHOES: ReadonlySet<string> = new Set(['if', 'propertyNames']);

/**
 * Turns ajv's findings into ours: the pointer names the member that is missing, unknown or misnamed itself,
 * not the object around it. At most `MAX_FIELD_ERRORS`, then one error `more` with the count of the rest.
 */
export function toFieldErrors(errors: readonly ErrorObject[]): FieldError[] {
  const told = distinct(
    collapseAlternatives(errors.filter((error) => !ECHOES.has(error.keyword))).map(toFieldError),
  );
  if (told.length <= MAX_FIELD_ERRORS) return told;
  const rest = told.length - MAX_FIELD_ERRORS;
  const more = { pointer: '', rule: 'more', message: `has ${rest} more ${rest === 1 ? 'error' : 'errors'}` };
  return [...told.slice(0, MAX_FIELD_ERRORS), more];
}

interface Finding {
  readonly error: ErrorObject;
  readonly message: string;
}

function toFieldError({ error, message }: Finding): FieldError {
  if (error.propertyName !== undefined) {
    const pointer = `${error.instancePath}/${escapePointer(error.propertyName)}`;
    return { pointer, rule: 'propertyNames', message: `is not allowed as a name: it ${message}` };
  }
  return { pointer: error.instancePath + memberOf(error), rule: error.keyword, message };
}

function memberOf(error: ErrorObject): string {
  const { additionalProperty, unevaluatedProperty, missingProperty } = error.params;
  const member: unknown = additionalProperty ?? unevaluatedProperty ?? missingProperty;
  return typeof member === 'string' ? `/${escapePointer(member)}` : '';
}

/**
 * `anyOf` and `oneOf` report every alternative and then themselves. When all alternatives speak of the same
 * place, one sentence says it: `must be 0, or must be at least 10`.
 */
function collapseAlternatives(errors: readonly ErrorObject[]): Finding[] {
  const findings: Finding[] = [];
  for (const error of errors) {
    let message = sentenceOf(error);
    if (error.keyword === 'anyOf' || error.keyword === 'oneOf') {
      const inside = (finding: Finding) => finding.error.schemaPath.startsWith(`${error.schemaPath}/`);
      const alternatives = findings.filter(inside);
      if (alternatives.some((finding) => finding.error.instancePath !== error.instancePath)) continue;
      if (alternatives.length > 0) {
        message = alternatives.map((finding) => finding.message).join(', or ');
        findings.splice(0, findings.length, ...findings.filter((finding) => !inside(finding)));
      }
    }
    findings.push({ error, message });
  }
  return findings;
}

/** `allOf` and `if` may check one rule twice. */
function distinct(errors: readonly FieldError[]): FieldError[] {
  const seen = new Set<string>();
  return errors.filter(({ pointer, rule, message }) => {
    const key = JSON.stringify([pointer, rule, message]);
    return !seen.has(key) && seen.add(key);
  });
}
