import { isAbsolute, join } from 'node:path';
import type { SavedConfig } from '../shell/migrate';
import { textOf } from '../shell/text';

export interface StoreConfig {
  /** Absolute path of the database. */
  readonly file: string;
  /** Path of the inventory; empty without one. */
  readonly inventory: string;
  /** Folder with client schemas of the owner's; empty without one. */
  readonly schemas: string;
}

/**
 * Reads the node's saved configuration; relative paths are below Node-RED's user directory.
 * @throws EgizError `CONFIG_INVALID`
 */
export function parseConfig(saved: SavedConfig, userDirectory: string): StoreConfig {
  const path = (value: unknown) => {
    const text = textOf(value);
    return text === '' || isAbsolute(text) ? text : join(userDirectory, text);
  };
  return {
    file: path(saved.file) || join(userDirectory, 'openegiz', 'store.db'),
    inventory: path(saved.inventory),
    schemas: path(saved.schemas),
  };
}
