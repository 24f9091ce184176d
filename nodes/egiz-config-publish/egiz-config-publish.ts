import type { NodeAPI } from 'node-red';
import { cancelCommand, pushConfiguration } from '../../lib/http/api';
import { requireAuth } from '../../lib/http/auth';
import { type HttpMessage, respond, respondProblem } from '../../lib/http/message';
import type { HttpResponse } from '../../lib/http/problem';
import { RateLimit } from '../../lib/http/rate-limit';
import { rawBody } from '../../lib/http/raw-body';
import type { OpenStore } from '../egiz-store/store-node';
import { defineNode } from '../shell/define';
import { type FlowMessage, onInput } from '../shell/input';
import { brokerOf, storeOf } from '../shell/references';
import { parseConfig } from './config';
import { MessageOutlet } from './message-outlet';
import { migrations } from './migrations';
import { showPublishing } from './publishing-status';

/** Where the API is below the HTTP node root, unless `settings.egizConfigPublishApiRoot` says otherwise. */
const API_ROOT = '/api/v1';

export = (RED: NodeAPI): void => {
  const root = (RED.settings as { egizConfigPublishApiRoot?: unknown }).egizConfigPublishApiRoot;
  RED.httpNode?.use(rawBody(typeof root === 'string' ? root : API_ROOT));

  defineNode(RED, {
    type: 'egiz-config-publish',
    migrations,
    build(node, saved) {
      const config = parseConfig(saved);
      const store = storeOf(RED, config.store);
      const broker = config.delivery === 'broker' ? brokerOf(RED, config.broker) : undefined;
      const outlet = broker?.publisher ?? new MessageOutlet((msg) => node.send([null, null, msg] as never));
      const release = store.publishThrough(broker?.id ?? node.id, outlet);
      const unregister = broker?.register(node);
      const stopStatus = showPublishing(node, store, outlet);
      const limit = new RateLimit(config.rateLimit, Date.now);

      onInput(node, async ({ msg, send }) => {
        try {
          respond(msg as HttpMessage, await answer(store.open(), limit, msg));
          send([msg, null]);
        } catch (thrown) {
          const fault = respondProblem(msg as HttpMessage, thrown);
          send([null, msg]);
          if (fault !== undefined) throw fault;
        }
      });

      node.on('close', (_removed: boolean, done: () => void) => {
        stopStatus();
        unregister?.();
        void release().then(done, done);
      });
    },
  });
};

/** A push, or a cancellation when the message names a command. */
function answer({ service }: OpenStore, limit: RateLimit, msg: FlowMessage): Promise<HttpResponse> {
  const { req = {} } = msg as HttpMessage;
  const auth = requireAuth(msg.auth, 'config:write');
  limit.take(auth.tenantId);
  const clientId = req.params?.clientId ?? msg.clientId;
  const commandId = req.params?.commandId ?? msg.commandId;
  if (commandId !== undefined) return cancelCommand(service, { auth, clientId, commandId });
  return pushConfiguration(service, { auth, clientId, headers: req.headers ?? {}, body: msg.payload });
}
