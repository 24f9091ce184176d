import type { Level, LogFile } from './log';

/** What a start tells: to the log as JSON lines always, to the terminal for a person or, with --json, as JSON lines. */
export class View {
  constructor(
    private readonly log: LogFile,
    private readonly json: boolean,
    private readonly out: NodeJS.WriteStream = process.stdout,
  ) {
    // Whoever read along may stop to: the services go on, and the log has everything.
    out.on('error', () => undefined);
  }

  /** Something that happened. */
  say(message: string, level: Level = 'info', detail: object = {}): void {
    this.tell('openegiz', level, message, detail);
  }

  /** A line a service wrote that a person should see; its own log has it already. */
  relay(source: string, level: Level, message: string): void {
    if (this.json) this.line({ source, level, message });
    else this.out.write(`${MARK[level]} ${source}: ${message}\n`);
  }

  /** The summary at the end of a start; with --json the content of ready.json. */
  summary(lines: readonly string[], ready: object): void {
    if (this.json) this.line({ source: 'openegiz', level: 'info', message: 'ready', ready });
    else this.out.write(`\n${lines.join('\n')}\n\n`);
  }

  private tell(source: string, level: Level, message: string, detail: object): void {
    this.log.write(source, level, message, detail);
    if (this.json) this.line({ source, level, message, ...detail });
    else this.out.write(`${MARK[level]} ${message}\n`);
  }

  private line(entry: object): void {
    this.out.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
  }
}

const MARK: Readonly<Record<Level, string>> = { info: '·', warning: '!', error: '✖' };
