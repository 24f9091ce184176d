import { EgizError, type FieldError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json';

/** Limits of `settings` (SPEC 3). */
export const MAX_SETTINGS_BYTES = 32 * 1024;
export const MAX_SETTINGS_DEPTH = 10;

/** The body of `POST /api/v1/clients/{clientId}/config`, checked. */
export interface ConfigurationRequest {
  readonly version: string;
  readonly settings: JsonObject;
  /** `name/major`. */
  readonly schema?: string;
  readonly baseRevision?: number;
  readonly mode: 'replace' | 'merge';
  readonly dryRun: boolean;
  readonly expiresInSeconds: number;
  readonly applyTimeoutSeconds: number;
}

/** semver.org, the whole grammar of version 2.0.0. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

type Rule = (value: JsonValue) => string | undefined;

const integer =
  (minimum: number, maximum: number): Rule =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum
      ? undefined
      : `must be an integer from ${minimum} to ${maximum}`;

const RULES: Readonly<Record<string, Rule>> = {
  version: (value) =>
    typeof value === 'string' && value.length <= 64 && SEMVER.test(value)
      ? undefined
      : 'must be a semantic version of at most 64 characters, e.g. "1.4.0"',
  settings: (value) => (isJsonObject(value) ? undefined : 'must be an object'),
  schema: (value) =>
    typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\/[1-9]\d{0,3}$/.test(value)
      ? undefined
      : 'must be NAME/MAJOR, e.g. "opc-core-client/1"',
  baseRevision: integer(0, Number.MAX_SAFE_INTEGER),
  mode: (value) => (value === 'replace' || value === 'merge' ? undefined : 'must be "replace" or "merge"'),
  dryRun: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
  expiresInSeconds: integer(60, 604_800),
  applyTimeoutSeconds: integer(10, 3_600),
};

/**
 * Checks a request's shape; whether the settings fit their schema comes later.
 * @throws EgizError `INVALID_REQUEST` with one field error for each fault
 */
export function parseConfigurationRequest(body: JsonValue): ConfigurationRequest {
  if (!isJsonObject(body))
    throw invalid([{ pointer: '', rule: 'type', message: 'The body must be a JSON object' }]);
  const errors = [...missing(body), ...wrong(body)];
  if (errors.length > 0) throw invalid(errors);
  return {
    mode: 'replace',
    dryRun: false,
    expiresInSeconds: 86_400,
    applyTimeoutSeconds: 120,
    ...body,
  } as unknown as ConfigurationRequest;
}

function missing(body: JsonObject): FieldError[] {
  return ['version', 'settings']
    .filter((name) => !Object.hasOwn(body, name))
    .map((name) => ({ pointer: `/${name}`, rule: 'required', message: `"${name}" is missing` }));
}

function wrong(body: JsonObject): FieldError[] {
  return Object.entries(body).flatMap(([name, value]): FieldError[] => {
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (rule === undefined) {
      const known = Object.keys(RULES).join(', ');
      return [
        {
          pointer,
          rule: 'additionalProperties',
          message: `is not a field of this request; known are ${known}`,
        },
      ];
    }
    const fault = rule(value);
    return fault === undefined ? [] : [{ pointer, rule: 'format', message: `"${name}" ${fault}` }];
  });
}

function invalid(errors: FieldError[]): EgizError {
  const first = errors[0];
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : '';
  return new EgizError('INVALID_REQUEST', `The request is not valid: ${first?.message ?? ''}${more}`, {
    errors,
  });
}
