import type { NodeAPI } from 'node-red';
import { toEgizError } from '../../lib/errors/egiz-error';
import { addProcessMetrics, registry } from '../../lib/metrics/registry';
import { type MetricsAddress, serveMetrics } from '../../lib/metrics/server';

/**
 * Serves the metrics of the nodes for Prometheus when the settings have `egizMetrics: { host, port }`. A plugin
 * comes from the same copy of the package as the nodes, wherever the settings file is, so both have one registry.
 */
export = (RED: NodeAPI): void => {
  const address = (RED.settings as { egizMetrics?: MetricsAddress }).egizMetrics;
  RED.plugins.registerPlugin('egiz-metrics', {
    type: 'egiz-metrics',
    onadd() {
      if (address !== undefined) void serve(RED, address);
    },
  });
};

async function serve(RED: NodeAPI, address: MetricsAddress): Promise<void> {
  addProcessMetrics(registry);
  try {
    const { url } = await serveMetrics(registry, address);
    RED.log.info(`Metrics at ${url}`);
  } catch (fault) {
    const { code, message } = toEgizError(fault);
    const mend = code === 'EADDRINUSE' ? ' Choose another port (EGIZ_METRICS_PORT).' : '';
    RED.log.error(`No metrics are served: ${message}.${mend}`);
  }
}
