import { EgizError } from '../errors/egiz-error';
import { isTopicFilter } from '../topics/filters';
import { ACL_BEGIN, ACL_END } from './mosquitto';

/**
 * Reads acl_file and password_file more strictly than Mosquitto does, before Mosquitto sees them: at a line it
 * does not understand 2.0 gives everybody every right, and 2.1 ends.
 */

const RULE = /^topic (?:read|write|readwrite|deny) (.+)$/;
const USER = /^user (\S+)$/;
const HASH = /^([^\s:]+):\$7\$101\$[A-Za-z0-9+/]{16}\$[A-Za-z0-9+/]{86}==$/;

/** @throws EgizError `ACL_FILE_INVALID` naming the line */
export function checkAclText(text: string): void {
  const lines = text.split('\n');
  if (lines[0] !== ACL_BEGIN) throw invalid('acl_file', 1, `the first line is not "${ACL_BEGIN}"`);
  if (lines.pop() !== '' || lines.at(-1) !== ACL_END) {
    throw invalid('acl_file', lines.length, `the last line is not "${ACL_END}": the file was cut off`);
  }
  let user = '';
  for (const [index, line] of lines.entries()) {
    const fault = faultOf(line, user);
    if (fault !== undefined) throw invalid('acl_file', index + 1, fault);
    user = USER.exec(line)?.[1] ?? user;
  }
}

/** True for an acl_file, of whatever origin, that Mosquitto reads to its end: it restricts. */
export function isKnownToBeClosed(text: string): boolean {
  let user = '';
  return text.split('\n').every((line) => {
    user = USER.exec(line)?.[1] ?? user;
    return faultOf(line, user) === undefined;
  });
}

function faultOf(line: string, user: string): string | undefined {
  if (line === '' || line.startsWith('#') || USER.test(line)) return undefined;
  const filter = RULE.exec(line)?.[1];
  if (filter === undefined) return 'it is neither an account nor a rule';
  if (user === '') return 'the rule belongs to no account';
  if (/^\s|\s$|\p{Cc}/u.test(filter) || !isTopicFilter(filter)) return 'the topic filter is not valid';
  return undefined;
}

/** @throws EgizError `PASSWORD_FILE_INVALID` naming the line */
export function checkPasswordText(text: string): void {
  const lines = text.split('\n');
  const last = lines.pop();
  if (last !== '') throw invalid('password_file', lines.length + 1, 'it was cut off');
  const seen = new Set<string>();
  for (const [index, line] of lines.entries()) {
    const account = HASH.exec(line)?.[1];
    if (account === undefined) throw invalid('password_file', index + 1, 'it is no account with its hash');
    if (seen.has(account)) throw invalid('password_file', index + 1, `"${account}" stands there twice`);
    seen.add(account);
  }
}

/** Never shows the line: it may hold a hash. */
function invalid(file: 'acl_file' | 'password_file', line: number, fault: string): EgizError {
  const code = file === 'acl_file' ? 'ACL_FILE_INVALID' : 'PASSWORD_FILE_INVALID';
  return new EgizError(code, `The ${file} is refused, line ${line}: ${fault}`, {
    id: file,
    mend: 'The broker has been given nothing of it; generate the file from the inventory.',
  });
}
