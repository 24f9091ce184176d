import type { NodeAPI } from 'node-red';
import { SYS_FILTER } from '../../lib/broker-health/figures';
import { type AlertChange, BrokerHealth } from '../../lib/broker-health/health';
import { alertView, digestOf, metricsOf } from '../../lib/broker-health/report';
import { BrokerMetrics } from '../../lib/metrics/broker';
import { registry } from '../../lib/metrics/registry';
import { defineNode } from '../shell/define';
import { type FlowMessage, onInput } from '../shell/input';
import { type ListenState, listenToBroker } from '../shell/listen';
import { brokerOf } from '../shell/references';
import { wayOutOf } from '../shell/start';
import { calmStatusOf } from '../shell/status';
import { parseConfig } from './config';
import { showHealth } from './health-status';
import { migrations } from './migrations';

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
      const { send } = wayOutOf(RED, node);
      const show = calmStatusOf(node);
      const unwatch = metrics.watch(name, health);

      const digest = () => message(name, digestOf(health, name, Date.now()));
      const tellAlerts = (changes: readonly AlertChange[]) => {
        for (const change of changes) {
          const payload = { broker: name, state: change.state, ...alertView(change) };
          send([null, message(change.code, payload), null]);
        }
      };
      const look = () => {
        const changes = health.evaluate(Date.now());
        tellAlerts(changes);
        if (changes.length > 0) send([null, null, digest()]);
        showHealth(show, health, Date.now());
      };
      const tell = () => send([message(name, metricsOf(health, name, Date.now())), null, digest()]);
      const looking = setInterval(look, LOOK_MS).unref();
      const telling = setInterval(tell, config.intervalMs).unref();
      showHealth(show, health, Date.now());

      listenToBroker(RED, node, {
        broker,
        purpose: 'health',
        filters: [SYS_FILTER],
        keepalive: KEEPALIVE_SECONDS,
        retainAsPublished: false,
        onMessage: (sys) => health.note(sys, Date.now()),
        onState: (state) => follow(health, state),
      });
      node.on('close', () => {
        clearInterval(looking);
        clearInterval(telling);
        unwatch();
      });
      // Whoever asks, e.g. a page that has just been opened, need not wait for the next interval.
      onInput(node, ({ msg, send: answer }) =>
        answer([
          { ...msg, payload: metricsOf(health, name, Date.now()) },
          null,
          { ...msg, payload: digestOf(health, name, Date.now()) },
        ]),
      );
    },
  });
};

function follow(health: BrokerHealth, state: ListenState): void {
  const now = Date.now();
  if (state.kind === 'listening') health.connected(now);
  else if (state.kind === 'disconnected') health.disconnected(state.reason, now);
  else if (state.kind === 'refused') health.refused(state.error.message);
}

/** Node-RED gives the message its id. */
function message(topic: string, payload: object): FlowMessage {
  return { topic, payload } as unknown as FlowMessage;
}
