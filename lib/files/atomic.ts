import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Only the owner may read: keys, passwords, tokens. */
export const SECRET_MODE = 0o600;
/** Only the owner may look inside. */
export const PRIVATE_DIRECTORY_MODE = 0o700;

/**
 * Replaces `path` in one step: a reader sees the old content or the new, also after a power cut, never a part.
 * Missing directories are made, private to the owner. `mode` is set from the first byte on.
 */
export function writeFileAtomic(path: string, content: string | Buffer, mode = 0o644): void {
  replace(path, (draft) => writeDurably(draft, content, mode));
  syncDirectory(dirname(path));
}

/**
 * Like `writeFileAtomic`, but a power cut soon after may bring the old content back, or none. For thousands of
 * files that can be made again: waiting for the disk with each would take minutes.
 */
export function writeFileQuickly(path: string, content: string | Buffer, mode = 0o644): void {
  replace(path, (draft) => writeFileSync(draft, content, { flag: 'wx', mode }));
}

function replace(path: string, write: (draft: string) => void): void {
  mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    write(draft);
    renameSync(draft, path);
  } catch (fault) {
    rmSync(draft, { force: true });
    throw fault;
  }
}

function writeDurably(path: string, content: string | Buffer, mode: number): void {
  const file = openSync(path, 'wx', mode);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the rename itself durable. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
