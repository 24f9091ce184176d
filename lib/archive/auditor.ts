import { toEgizError } from '../errors/egiz-error';
import { ArchiveAudit, type AuditScope, type Findings } from './audit';
import { AuditMetrics } from './audit-metrics';
import type { Influx } from './influx';
import { type TaskState, taskStates } from './task-states';

export interface AuditorOptions {
  readonly influx: Influx;
  readonly scope: AuditScope;
  /** How far it looks back, in ms. */
  readonly period: number;
  /** A message younger than this may still be on its way. In ms. */
  readonly margin: number;
  /** From the end of one audit to the next, in ms. */
  readonly every: number;
  /** Ids of the boards that should be heard. */
  readonly inventory: readonly string[];
  /** Told what a person should know, as a line of text. */
  readonly say: (text: string) => void;
}

/** Newer messages are left to the next time: Telegraf gathers them for a second. */
const SETTLE_MS = 5_000;

/** The audit as a service: reads on where it stopped, and again where something is missing. */
export class Auditor {
  readonly metrics = new AuditMetrics();
  readonly #options: AuditorOptions;
  #audit: ArchiveAudit | undefined;
  #readUpTo = 0;
  #refusedUpTo = 0;
  #said = '';

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  /** Audits again and again until told to stop. A failed audit is said and counted; the next one goes on. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.once(Date.now());
      await pause(this.#options.every, stop);
    }
  }

  /** @param now ms since 1970 */
  async once(now: number): Promise<void> {
    try {
      const findings = await this.#findings(now);
      const unheard = this.#options.inventory.filter((device) => isUnheard(device, findings)).length;
      const tasks = await taskStates(this.#options.influx, this.#options.scope.org);
      this.metrics.done(findings, unheard, tasks, now);
      this.#tell(findings, tasks);
    } catch (fault) {
      // What was read in part is read again from the beginning.
      this.#audit = undefined;
      this.metrics.failed();
      this.#options.say(`The audit failed: ${toEgizError(fault).message}`);
    }
  }

  async #findings(now: number): Promise<Findings> {
    const { influx, scope, period, margin } = this.#options;
    const until = now - SETTLE_MS;
    if (this.#audit === undefined) {
      const audit = new ArchiveAudit(influx, scope);
      await audit.lookBack(until - period);
      await audit.read(until - period, until);
      this.#refusedUpTo = until - period;
      this.#audit = audit;
    } else {
      await this.#audit.read(this.#readUpTo, until);
      await this.#audit.readGapsAgain();
    }
    this.#readUpTo = until;
    await this.#audit.readRefused(this.#refusedUpTo, until);
    this.#refusedUpTo = until;
    this.#audit.forget(until - period);
    return this.#audit.findings(now - margin);
  }

  /** Once as long as it stays the same. */
  #tell({ missing, gaps }: Findings, tasks: readonly TaskState[]): void {
    const failed = tasks.filter((task) => task.failed).map(({ name, reason }) => `${name}: ${reason}`);
    const lost = gaps.filter(({ state }) => state === 'missing');
    const text = [
      missing === 0 ? 'nothing is missing' : `${missing} messages are missing in ${lost.length} gaps`,
      ...failed,
    ].join('; ');
    if (text !== this.#said) this.#options.say(text);
    this.#said = text;
  }
}

export function isUnheard(device: string, { counted, unnumbered }: Findings): boolean {
  return !counted.has(device) && !unnumbered.includes(device);
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done);
  });
}
