import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** From the least serious to the most. */
const LEVELS = ['info', 'warning', 'error'] as const;
export type Level = (typeof LEVELS)[number];

export function isAtLeast(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/** One line of a log file: JSON, so that a tool can read it (SPEC 6). */
export interface LogEntry {
  readonly at: string;
  readonly level: Level;
  readonly source: string;
  readonly message: string;
  readonly [detail: string]: unknown;
}

const MAX_BYTES = 5 * 1024 * 1024;
const KEPT_FILES = 3;
/** A line longer than this is cut: nobody reads it, and it could fill the disk. */
const MAX_LINE = 16 * 1024;

/** A log file with a bound: when it is full it becomes FILE.1, the one before FILE.2, and the oldest goes. */
export class LogFile {
  private size: number;

  constructor(
    readonly file: string,
    private readonly maxBytes = MAX_BYTES,
  ) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.size = existsSync(file) ? statSync(file).size : 0;
  }

  write(source: string, level: Level, message: string, detail: object = {}): void {
    const entry: LogEntry = {
      at: new Date().toISOString(),
      level,
      source,
      message: message.slice(0, MAX_LINE),
      ...detail,
    };
    const line = `${JSON.stringify(entry)}\n`;
    try {
      if (this.size + line.length > this.maxBytes && this.size > 0) this.rotate();
      appendFileSync(this.file, line, { mode: 0o600 });
      this.size += Buffer.byteLength(line);
    } catch {
      // A full disk must not end what still runs; the line is lost.
    }
  }

  private rotate(): void {
    rmSync(`${this.file}.${KEPT_FILES - 1}`, { force: true });
    for (let age = KEPT_FILES - 2; age >= 0; age--) {
      const from = age === 0 ? this.file : `${this.file}.${age}`;
      if (existsSync(from)) renameSync(from, `${this.file}.${age + 1}`);
    }
    this.size = 0;
  }
}

/** Cuts a stream of bytes into lines; the last, unfinished one waits for its end. */
export function lineSplitter(onLine: (line: string) => void): { push(chunk: Buffer): void; end(): void } {
  let rest = '';
  return {
    push(chunk) {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') onLine(line);
      if (rest.length > MAX_LINE) {
        onLine(rest);
        rest = '';
      }
    },
    end() {
      if (rest.trim() !== '') onLine(rest);
      rest = '';
    },
  };
}
