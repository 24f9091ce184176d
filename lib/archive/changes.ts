export interface Change {
  readonly kind: 'server' | 'organisation' | 'bucket' | 'task' | 'token' | 'file';
  readonly name: string;
  /** What was done, or in a dry run would be: `made`, `retention 90 days, was 7`. */
  readonly what: string;
}

/** What deviates from what should be, each said and, unless it is a dry run, made so. */
export class Changes {
  readonly list: Change[] = [];

  constructor(
    readonly dryRun: boolean,
    readonly say: (text: string) => void,
  ) {}

  async make(kind: Change['kind'], name: string, what: string, work: () => Promise<void>): Promise<void> {
    if (!this.dryRun) await work();
    this.list.push({ kind, name, what });
    this.say(`${kind} ${name}: ${what}`);
  }
}
