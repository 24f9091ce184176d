import { EgizError } from '../errors/egiz-error';
import { parseJson } from '../json/parse';
import { UserDirectory } from '../users/user-directory';
import type { Fault, PasswordLogin } from './environment';

/**
 * The users of one place: of its users file, else the passwords of development, else nobody at all.
 * @param faults receives a line for a users file that is not valid
 */
export function usersOf(
  variable: string,
  text: string | undefined,
  logins: readonly PasswordLogin[],
  faults: Fault[],
): UserDirectory {
  if (text === undefined) return UserDirectory.ofPasswords(logins);
  try {
    return UserDirectory.parse(parseJson(text, { maxBytes: 1024 * 1024 }));
  } catch (fault) {
    if (!(fault instanceof EgizError)) throw fault;
    faults.push(`${variable}: ${fault.message}.`);
    return UserDirectory.ofPasswords([]);
  }
}
