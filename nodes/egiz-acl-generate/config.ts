import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AccessFiles } from '../../lib/acl/generate';
import type { RunningBroker } from '../../lib/broker/apply';
import { EgizError } from '../../lib/errors/egiz-error';
import type { SavedConfig } from '../shell/migrate';

export interface AclConfig {
  /** Where the inventory is; undefined: in `msg.payload`. */
  readonly inventoryFile?: string;
  readonly files: AccessFiles;
  /** Only compare; write nothing. */
  readonly dryRun: boolean;
  /** Whom to signal when something was written, and where to ask whether it follows. */
  readonly broker?: RunningBroker;
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
    ...brokerOf(path('pidFile'), path('caFile'), saved.probeUrl),
  };
}

function brokerOf(pidFile: string | undefined, caFile: string | undefined, probeUrl: unknown) {
  if (pidFile === undefined) return {};
  const url = typeof probeUrl === 'string' ? probeUrl.trim() : '';
  if (url === '') return { broker: { pidFile } };
  // Read at each use: the file may be renewed.
  const tls = () => (caFile === undefined ? {} : { ca: readFileSync(caFile) });
  return { broker: { pidFile, probe: { url, tls } } };
}
