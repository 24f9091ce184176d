import { EgizError } from '../../lib/errors/egiz-error';

/**
 * A text of a saved configuration, trimmed; empty when there is none. Node-RED replaces a text that is exactly
 * `${NAME}`, unless the environment lacks NAME.
 * @throws EgizError `CONFIG_INVALID` for such a one
 */
export function textOf(value: unknown): string {
  const found = typeof value === 'string' ? value.trim() : '';
  const variable = /^\$\{(.+)\}$/.exec(found)?.[1];
  if (variable === undefined) return found;
  throw new EgizError('CONFIG_INVALID', `The environment has no ${variable}`, {
    mend: 'Set it, or write the value into the node.',
  });
}
