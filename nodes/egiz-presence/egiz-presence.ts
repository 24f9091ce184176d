import type { Node, NodeAPI } from 'node-red';
import { toEgizError } from '../../lib/errors/egiz-error';
import { PresenceMetrics } from '../../lib/metrics/presence';
import { registry } from '../../lib/metrics/registry';
import { EvidenceReader, type PresenceMessage } from '../../lib/presence/evidence';
import type { SavedPresence } from '../../lib/presence/saved';
import { PresenceTracker } from '../../lib/presence/tracker';
import { SLOT_MS } from '../../lib/presence/wheel';
import { defineNode } from '../shell/define';
import { onInput } from '../shell/input';
import { type ListenState, listenToBroker } from '../shell/listen';
import { brokerOf } from '../shell/references';
import { wayOutOf } from '../shell/start';
import { parseConfig } from './config';
import { presenceEvents } from './events';
import { FaultyTopics } from './faulty-topics';
import { MemoryInContext, MemoryOverDeploys } from './memory';
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
      const status = new PresenceStatus(node, () => tracker.counts);
      const reader = new EvidenceReader();
      const faulty = new FaultyTopics();
      const memory = hasStore(RED, node, config.contextStore)
        ? new MemoryInContext(node, config.contextStore, tracker, (fault) =>
            out.error(toEgizError(fault, 'CONTEXT_FAILED'), ''),
          )
        : new MemoryOverDeploys(kept, node, tracker);
      const restored = memory.restore();
      const unwatch = metrics.watch(() => tracker.counts);

      const hear = (message: PresenceMessage) => {
        const evidence = reader.read(message);
        if (evidence !== undefined) tracker.hear(evidence, Date.now());
      };
      const turning = setInterval(() => {
        tracker.turn(Date.now());
        status.refresh();
      }, SLOT_MS).unref();

      const onState = (state: ListenState) => {
        if (state.kind === 'listening') tracker.listen(Date.now());
        else tracker.deafen();
        if (state.kind === 'refused') faulty.once(state.error, out);
        status.set(state);
      };
      if (broker !== undefined) {
        listenToBroker(RED, node, {
          broker,
          purpose: 'presence',
          filters: config.filters,
          retainAsPublished: false,
          onMessage(message) {
            try {
              hear(message);
            } catch (fault) {
              faulty.once(toEgizError(fault), out, message.topic);
            }
          },
          onState,
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
        if (answer !== undefined) return send([null, null, Object.assign(msg, { payload: answer })]);
        for (const message of messagesIn(msg)) hear(message);
      });
    },
  });
};

/** A flow may come from a Node-RED whose settings have other context stores. */
function hasStore({ settings }: NodeAPI, node: Node, name: string): boolean {
  const { contextStorage = {} } = settings as { contextStorage?: Record<string, unknown> };
  if (name === '' || Object.hasOwn(contextStorage, name)) return name !== '';
  node.warn(
    `The settings have no context store "${name}": the devices are kept in memory, over deploys only`,
  );
  return false;
}
