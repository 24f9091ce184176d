import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what is built once for this user lies: outside the checkout, for all of them. */
export function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  const { XDG_CACHE_HOME: named = '' } = environment;
  return join(named === '' ? join(homedir(), '.cache') : named, 'openegiz');
}
