import { resolve } from 'node:path';
import type { AccessFiles } from '../../lib/acl/generate';
import { EgizError } from '../../lib/errors/egiz-error';
import type { SavedConfig } from '../shell/migrate';

export interface AclConfig {
  /** Where the inventory is; undefined: in `msg.payload`. */
  readonly inventoryFile?: string;
  readonly files: AccessFiles;
  /** Only compare; write nothing. */
  readonly dryRun: boolean;
  /** Whom to signal when something was written. */
  readonly pidFile?: string;
}

/**
 * Reads the node's saved configuration. Relative paths begin at `directory`.
 * @throws EgizError `CONFIG_INVALID`
 */
export function parseConfig(saved: SavedConfig, directory: string): AclConfig {
  const path = (name: string) => {
    const value = saved[name];
    const text = typeof value === 'string' ? value.trim() : '';
    return text === '' ? undefined : resolve(directory, text);
  };
  const required = (name: string) => {
    const found = path(name);
    if (found !== undefined) return found;
    throw new EgizError('CONFIG_INVALID', `"${name}" is not set`, { mend: 'Open the node and complete it.' });
  };
  const pidFile = path('pidFile');
  const guardFile = path('guardFile');
  return {
    ...(saved.source === 'file' ? { inventoryFile: required('inventoryFile') } : {}),
    files: {
      aclFile: required('aclFile'),
      passwordFile: required('passwordFile'),
      passwordDirectory: required('passwordDirectory'),
      ...(guardFile === undefined ? {} : { guardFile }),
    },
    dryRun: saved.mode === 'compare',
    ...(pidFile === undefined ? {} : { pidFile }),
  };
}
