import type { Node, NodeAPI } from 'node-red';
import { cancelCommand, pushConfiguration } from '../../lib/http/api';
import { requireAuth } from '../../lib/http/auth';
import type { HttpMessage } from '../../lib/http/message';
import type { HttpResponse } from '../../lib/http/problem';
import { RateLimit } from '../../lib/http/rate-limit';
import { rawBody } from '../../lib/http/raw-body';
import type { Outlet } from '../../lib/outbox/publisher';
import type { OpenStore } from '../egiz-store/store-node';
import { defineNode } from '../shell/define';
import { onRequest, refuseRequest } from '../shell/http';
import type { FlowMessage } from '../shell/input';
import { brokerOf, storeOf } from '../shell/references';
import { onceFlowsRun } from '../shell/start';
import { useBeforeAllParsers } from './before-all-parsers';
import { type PublishConfig, parseConfig } from './config';
import { MessageOutlet } from './message-outlet';
import { migrations } from './migrations';
import { showPublishing } from './publishing-status';

/** Where the API is below the HTTP node root, unless `settings.egizConfigPublishApiRoot` says otherwise. */
const API_ROOT = '/api/v1';

/** What a node publishes through. Nodes with the same key share one publisher. */
interface Delivery {
  readonly key: string;
  readonly outlet: Outlet;
  /** Lets go of what is behind the outlet. */
  leave(): void;
}

export = (RED: NodeAPI): void => {
  const root = (RED.settings as { egizConfigPublishApiRoot?: unknown }).egizConfigPublishApiRoot;
  const mount = typeof RED.httpNode?.path === 'function' ? RED.httpNode.path() : '';
  useBeforeAllParsers(
    RED,
    rawBody(`${mount.replace(/\/$/, '')}${typeof root === 'string' ? root : API_ROOT}`),
  );

  defineNode(RED, {
    type: 'egiz-config-publish',
    migrations,
    refuse: refuseRequest,
    build(node, saved) {
      const config = parseConfig(saved);
      const store = storeOf(RED, config.store);
      const { key, outlet, leave } = deliveryOf(RED, node, config);
      const release = store.publishThrough(key, outlet);
      const stopStatus = showPublishing(node, store, outlet);
      const limit = new RateLimit(config.rateLimit, Date.now);

      onRequest(node, (msg) => answer(store.open(), limit, msg));

      node.on('close', (_removed: boolean, done: () => void) => {
        stopStatus();
        // The link goes last: what is on the wire still waits for its PUBACK.
        const left = () => {
          leave();
          done();
        };
        void release().then(left, left);
      });
    },
  });
};

function deliveryOf(RED: NodeAPI, node: Node, config: PublishConfig): Delivery {
  if (config.delivery === 'broker') {
    const broker = brokerOf(RED, config.broker);
    return { key: broker.id, outlet: broker.publisher, leave: broker.register(node) };
  }
  const outlet = new MessageOutlet(node);
  onceFlowsRun(RED, () => outlet.start());
  return { key: node.id, outlet, leave: () => undefined };
}

/** A push, or a cancellation when the message names a command. */
async function answer({ service }: OpenStore, limit: RateLimit, msg: FlowMessage): Promise<HttpResponse> {
  const { req = {} } = msg as HttpMessage;
  const auth = requireAuth(msg.auth, 'config:write');
  limit.take(auth.tenantId);
  const clientId = req.params?.clientId ?? msg.clientId;
  const commandId = req.params?.commandId ?? msg.commandId;
  if (commandId !== undefined) return cancelCommand(service, { auth, clientId, commandId });
  return pushConfiguration(service, { auth, clientId, headers: req.headers ?? {}, body: msg.payload });
}
