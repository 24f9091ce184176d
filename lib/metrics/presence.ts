import { PRESENCE_STATES, type PresenceState } from '../presence/device';
import type { PresenceCounts } from '../presence/tracker';
import { Counter, Gauge, type Registry } from './registry';

/** The metrics of everything in this process that follows the presence of devices; of several the sum. */
export class PresenceMetrics {
  readonly #sources = new Set<() => PresenceCounts>();
  readonly #changes: Counter<'to'>;

  constructor(registry: Registry) {
    const sources = this.#sources;
    const sum = (name: keyof PresenceCounts) =>
      [...sources].reduce((total, counts) => total + counts()[name], 0);
    new Gauge({
      name: 'egiz_presence_devices',
      help: 'Devices by presence',
      labelNames: ['state'],
      registers: [registry],
      collect() {
        this.reset();
        if (sources.size > 0) for (const state of PRESENCE_STATES) this.set({ state }, sum(state));
      },
    });
    new Gauge({
      name: 'egiz_presence_flapping_devices',
      help: 'Devices whose presence changes again and again',
      registers: [registry],
      collect() {
        this.set(sum('flapping'));
      },
    });
    this.#changes = new Counter({
      name: 'egiz_presence_changes_total',
      help: 'Changes of presence, by what it became',
      labelNames: ['to'],
      registers: [registry],
    });
  }

  /** @returns the function that ends it */
  watch(counts: () => PresenceCounts): () => void {
    this.#sources.add(counts);
    return () => this.#sources.delete(counts);
  }

  countChange(to: PresenceState): void {
    this.#changes.inc({ to });
  }
}
