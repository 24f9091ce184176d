import { EgizError } from '../../lib/errors/egiz-error';

interface Range {
  readonly from: number;
  readonly to: number;
  /** Without a fraction. */
  readonly whole?: boolean;
}

/**
 * A number of a saved configuration; the editor saves it as a text.
 * @param what its name for a person, as in "the time until …"
 * @throws EgizError `CONFIG_INVALID`
 */
export function numberOf(value: unknown, what: string, { from, to, whole = false }: Range): number {
  const number = value === '' || value === null ? Number.NaN : Number(value);
  if (number >= from && number <= to && (!whole || Number.isInteger(number))) return number;
  throw new EgizError(
    'CONFIG_INVALID',
    `The ${what} must be ${whole ? 'an integer' : 'a number'} from ${from} to ${to}`,
    {
      mend: 'Open the node and correct it.',
    },
  );
}
