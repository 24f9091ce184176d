import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first program of that name in the directories. */
export function findProgram(name: string, directories: readonly string[]): string | undefined {
  return findPrograms(name, directories)[0];
}

/** All of that name: an older one may stand before the one that is wanted. */
export function findPrograms(name: string, directories: readonly string[]): string[] {
  return directories
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .filter((path) => existsSync(path));
}

/** The directories of the PATH. */
export function pathDirectories(environment: NodeJS.ProcessEnv): string[] {
  return (environment.PATH ?? '').split(delimiter);
}
