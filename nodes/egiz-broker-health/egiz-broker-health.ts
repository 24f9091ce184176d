import type { NodeAPI } from 'node-red';
import { SYS_FILTER } from '../../lib/broker-health/figures';
import { BrokerHealth } from '../../lib/broker-health/health';
import { BrokerMetrics } from '../../lib/metrics/broker';
import { registry } from '../../lib/metrics/registry';
import { defineNode } from '../shell/define';
import { onInput } from '../shell/input';
import { type ListenState, listenToBroker } from '../shell/listen';
import { brokerOf } from '../shell/references';
import { wayOutOf } from '../shell/start';
import { calmStatusOf } from '../shell/status';
import { parseConfig } from './config';
import { showHealth } from './health-status';
import { migrations } from './migrations';
import { HealthReporter } from './reporter';

/** One for all nodes of the runtime. */
const metrics = new BrokerMetrics(registry);
/** The conditions are looked at this often, whatever the interval of the messages. */
const LOOK_MS = 250;
/** A broker that hangs is found out within one and a half times this; shorter than for those with work to do. */
const KEEPALIVE_SECONDS = 10;

export = (RED: NodeAPI): void => {
  defineNode(RED, {
    type: 'egiz-broker-health',
    migrations,
    build(node, saved) {
      const config = parseConfig(saved);
      const broker = brokerOf(RED, saved.broker);
      const name = node.name || broker.name || 'broker';
      const health = new BrokerHealth(config, Date.now());
      const reporter = new HealthReporter(health, name, wayOutOf(RED, node));
      const show = calmStatusOf(node);
      const unwatch = metrics.watch(name, health);

      const looking = setInterval(() => {
        reporter.look();
        showHealth(show, health, Date.now());
      }, LOOK_MS).unref();
      const telling = setInterval(() => reporter.tell(), config.intervalMs).unref();
      showHealth(show, health, Date.now());

      listenToBroker(RED, node, {
        broker,
        purpose: 'health',
        filters: [SYS_FILTER],
        keepalive: KEEPALIVE_SECONDS,
        retainAsPublished: false,
        onMessage: (message) => health.note(message, Date.now()),
        onState: (state) => follow(health, state),
      });
      node.on('close', () => {
        clearInterval(looking);
        clearInterval(telling);
        unwatch();
      });
      // Whoever asks, e.g. a page that has just been opened, need not wait for the next interval.
      onInput(node, ({ msg, send }) => send(reporter.answer(msg)));
    },
  });
};

function follow(health: BrokerHealth, state: ListenState): void {
  const now = Date.now();
  if (state.kind === 'listening') health.connected(now);
  else if (state.kind === 'disconnected') health.disconnected(state.reason, now);
  else if (state.kind === 'refused') health.refused(state.error.message);
}
