import type { FieldError } from '../errors/egiz-error';
import type { JsonObject } from '../json/json';

/** The schemas of client types, as the service and the edge use them. Names are `type/major`. */
export interface ConfigurationSchemas {
  names(): readonly string[];
  has(name: string): boolean;
  /** The name with the highest major version for a client type. */
  latestFor(type: string): string | undefined;
  /** Every violated rule, with pointers into `settings`; empty when it fits. */
  validate(name: string, settings: JsonObject): readonly FieldError[];
}
