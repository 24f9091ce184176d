import { randomUUID } from 'node:crypto';
import {
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { EgizError } from '../errors/egiz-error';

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

/**
 * A new content for a file that another program reads, beside the old one and not yet in its place, with its
 * mode and its owner: the broker's user must be able to read what root or an operator writes.
 */
export class Draft {
  readonly draftPath: string;

  /**
   * @param mode for a file that is not there yet
   * @param like the file whose mode and owner it gets; for one that is not there yet, one that stands beside it
   * @throws EgizError `FILE_OWNER` when the file belongs to somebody this process may not give a file to
   */
  constructor(
    readonly path: string,
    content: string | Buffer,
    mode = SECRET_MODE,
    like = path,
  ) {
    const present = statSync(like, { throwIfNoEntry: false });
    mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
    this.draftPath = `${path}.${randomUUID()}.tmp`;
    try {
      writeDurably(this.draftPath, content, present === undefined ? mode : present.mode & 0o777);
      if (present !== undefined) giveTo(this.draftPath, path, present);
    } catch (fault) {
      this.discard();
      throw fault;
    }
  }

  /** Puts it in the place of the old one, in one step. */
  commit(): void {
    renameSync(this.draftPath, this.path);
    syncDirectory(dirname(this.path));
  }

  discard(): void {
    rmSync(this.draftPath, { force: true });
  }
}

/** Replaces a file in one step; it keeps its mode and owner. `mode` is for one that is not there yet. */
export function rewriteFileAtomic(path: string, content: string | Buffer, mode = SECRET_MODE): void {
  const draft = new Draft(path, content, mode);
  try {
    draft.commit();
  } catch (fault) {
    draft.discard();
    throw fault;
  }
}

function giveTo(draft: string, path: string, { uid, gid }: { readonly uid: number; readonly gid: number }) {
  const made = statSync(draft);
  if (made.uid === uid && made.gid === gid) return;
  try {
    chownSync(draft, uid, gid);
  } catch {
    throw new EgizError(
      'FILE_OWNER',
      `${path} belongs to user ${uid}, group ${gid}, and must go on doing so`,
      {
        id: path,
        mend: 'Run this as root or as the owner of the file: the broker could not read a file of somebody else.',
      },
    );
  }
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
