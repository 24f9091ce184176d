/**
 * The metrics of this process, and the only place that names the Prometheus library: the build turns this module
 * into one file, so that the package has no run-time dependency for it. Every metric is registered here, and
 * `/metrics` tells them all.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Names begin with `egiz_`; no label may take values without bound, such as the ids of devices. */
export const registry = new Registry();

/** Adds what the runtime tells of itself: processor time, memory, event loop. Once a registry. */
export function addProcessMetrics(target: Registry): void {
  if (target.getSingleMetric('process_cpu_seconds_total') === undefined) {
    collectDefaultMetrics({ register: target });
  }
}
