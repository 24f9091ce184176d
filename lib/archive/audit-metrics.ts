import { Gauge, Registry } from '../metrics/registry';
import type { Findings } from './audit';
import type { TaskState } from './task-states';

/** What the auditor exposes; figures are those of the time that it looks back on. */
export class AuditMetrics {
  readonly registry = new Registry();
  readonly #expected = this.#gauge('expected_messages', 'Messages that boards are known to have sent');
  readonly #stored = this.#gauge('stored_messages', 'Messages that are stored');
  readonly #missing = this.#gauge('missing_messages', 'Messages that are neither stored nor refused');
  readonly #pending = this.#gauge('pending_messages', 'Messages that are not stored and may be on their way');
  readonly #refused = this.#gauge('refused_messages', 'Messages that are in the dead letters instead');
  readonly #gaps = this.#gauge('gaps', 'Gaps with missing messages');
  readonly #unnumbered = this.#gauge('unnumbered_devices', 'Boards that send no sequence numbers');
  readonly #unheard = this.#gauge('unheard_devices', 'Boards of the inventory of which nothing is stored');
  readonly #last = this.#gauge('last_audit_timestamp_seconds', 'When the last audit was done');
  readonly #failed = this.#gauge('audit_failed', 'Whether the last audit could not be done');
  readonly #task = new Gauge({
    name: 'egiz_archive_task_failed',
    help: 'Whether the last run of a task of the archive failed, or it is switched off',
    labelNames: ['task'],
    registers: [this.registry],
  });

  done(findings: Findings, unheard: number, tasks: readonly TaskState[], now: number): void {
    this.#expected.set(findings.expected);
    this.#stored.set(findings.stored);
    this.#missing.set(findings.missing);
    this.#pending.set(findings.pending);
    this.#refused.set(findings.refused);
    this.#gaps.set(findings.gaps.filter(({ state }) => state === 'missing').length);
    this.#unnumbered.set(findings.unnumbered.length);
    this.#unheard.set(unheard);
    this.#task.reset();
    for (const { name, failed } of tasks) this.#task.set({ task: name }, Number(failed));
    this.#last.set(now / 1000);
    this.#failed.set(0);
  }

  failed(): void {
    this.#failed.set(1);
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name: `egiz_archive_${name}`, help, registers: [this.registry] });
  }
}
