import type { Node, NodeAPI } from 'node-red';
import { toEgizError } from '../../lib/errors/egiz-error';
import { PresenceMetrics } from '../../lib/metrics/presence';
import { registry } from '../../lib/metrics/registry';
import type { SavedPresence } from '../../lib/presence/saved';
import { PresenceTracker } from '../../lib/presence/tracker';
import { SLOT_MS } from '../../lib/presence/wheel';
import { defineNode } from '../shell/define';
import { onInput } from '../shell/input';
import { listenToBroker } from '../shell/listen';
import { brokerOf } from '../shell/references';
import { type WayOut, wayOutOf } from '../shell/start';
import { parseConfig } from './config';
import { presenceEvents } from './events';
import { Follower } from './follower';
import { MemoryInContext, MemoryOverDeploys, type PresenceMemory } from './memory';
import { migrations } from './migrations';
import { PresenceStatus } from './presence-status';
import { answerTo, messagesIn } from './requests';

/** One for all nodes of the runtime. */
const metrics = new PresenceMetrics(registry);

export = (RED: NodeAPI): void => {
  const kept = new Map<string, SavedPresence>();

  defineNode(RED, {
    type: 'egiz-presence',
    migrations,
    build(node, saved) {
      const config = parseConfig(saved);
      const broker = saved.broker === '' ? undefined : brokerOf(RED, saved.broker);
      const out = wayOutOf(RED, node);
      const tracker = new PresenceTracker(config, presenceEvents(out, metrics), Date.now());
      const follower = new Follower(tracker, new PresenceStatus(node, () => tracker.counts), out);
      const memory = hasStore(RED, node, config.contextStore)
        ? inContext(node, config.contextStore, tracker, out)
        : new MemoryOverDeploys(kept, node, tracker);
      const restored = memory.restore();
      const unwatch = metrics.watch(() => tracker.counts);
      const turning = setInterval(() => follower.turn(), SLOT_MS).unref();

      if (broker !== undefined) {
        listenToBroker(RED, node, {
          broker,
          purpose: 'presence',
          filters: config.filters,
          retainAsPublished: false,
          onMessage: (message) => follower.onMessage(message),
          onState: (state) => follower.onState(state),
        });
      }
      node.on('close', (removed: boolean, done: () => void) => {
        clearInterval(turning);
        unwatch();
        void memory.close(removed).then(done);
      });
      onInput(node, async ({ msg, send }) => {
        await restored;
        const answer = answerTo(tracker, msg);
        if (answer === undefined) follower.takeAll(messagesIn(msg));
        else send([null, null, Object.assign(msg, { payload: answer })]);
      });
    },
  });
};

function inContext(node: Node, store: string, tracker: PresenceTracker, out: WayOut): PresenceMemory {
  return new MemoryInContext(node, store, tracker, (fault) =>
    out.error(toEgizError(fault, 'CONTEXT_FAILED'), ''),
  );
}

/** A flow may come from a Node-RED whose settings have other context stores. */
function hasStore({ settings }: NodeAPI, node: Node, name: string): boolean {
  const { contextStorage = {} } = settings as { contextStorage?: Record<string, unknown> };
  if (name === '' || Object.hasOwn(contextStorage, name)) return name !== '';
  node.warn(
    `The settings have no context store "${name}": the devices are kept in memory, over deploys only`,
  );
  return false;
}
