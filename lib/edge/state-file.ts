import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { SECRET_MODE, writeFileAtomic, writeFileQuickly } from '../files/atomic';
import { parseJson } from '../json/parse';
import { corrupt, type EdgeState, type EdgeStateStore, parseState } from './state';

/** Three configurations and a hundred reports stay far below. */
const MAX_STATE_BYTES = 16 * 1024 * 1024;

/** The state in one file, replaced as a whole: readable whenever the process ends, the old or the new. */
export class StateFile implements EdgeStateStore {
  readonly #path: string;
  readonly #write: typeof writeFileAtomic;

  /**
   * @param durability `power`: what was saved outlives a power cut. `process`: only the end of the process,
   *   without waiting for the disk; for simulated clients, of which one process has a thousand.
   */
  constructor(path: string, durability: 'power' | 'process' = 'power') {
    this.#path = path;
    this.#write = durability === 'power' ? writeFileAtomic : writeFileQuickly;
  }

  load(): EdgeState | undefined {
    this.#removeDrafts();
    const content = this.#read();
    if (content === undefined) return undefined;
    try {
      return parseState(parse(content));
    } catch (fault) {
      throw this.#putAside(fault);
    }
  }

  save(state: EdgeState): void {
    // Settings may tell about the plant: nobody else's to read.
    this.#write(this.#path, JSON.stringify(state), SECRET_MODE);
  }

  #read(): Buffer | undefined {
    try {
      return readFileSync(this.#path);
    } catch (fault) {
      if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw fault;
    }
  }

  #putAside(fault: unknown): EgizError {
    const aside = `${this.#path}.corrupt`;
    renameSync(this.#path, aside);
    const why = fault instanceof Error ? fault.message : String(fault);
    return new EgizError('EDGE_STATE_CORRUPT', `${why} (kept as ${aside})`, {
      id: this.#path,
      mend: 'The service sends the configuration again; nothing has to be done.',
    });
  }

  /** What a process that was killed while it wrote has left behind. */
  #removeDrafts(): void {
    const directory = dirname(this.#path);
    const draft = (name: string) => name.startsWith(`${basename(this.#path)}.`) && name.endsWith('.tmp');
    for (const name of listed(directory).filter(draft)) rmSync(join(directory, name), { force: true });
  }
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function parse(content: Buffer): unknown {
  try {
    return parseJson(content, { maxBytes: MAX_STATE_BYTES });
  } catch (fault) {
    throw corrupt(fault instanceof Error ? fault.message : String(fault));
  }
}

/** For clients whose memory need not outlive the process: many simulated ones. */
export class StateInMemory implements EdgeStateStore {
  #state: EdgeState | undefined;

  load(): EdgeState | undefined {
    return this.#state;
  }

  save(state: EdgeState): void {
    this.#state = state;
  }
}
