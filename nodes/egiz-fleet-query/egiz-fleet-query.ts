import type { NodeAPI } from 'node-red';
import { EgizError } from '../../lib/errors/egiz-error';
import { type Auth, requireAuth } from '../../lib/http/auth';
import type { HttpMessage } from '../../lib/http/message';
import { BY_PATH, READS, type Read, readForPath } from '../../lib/http/read-names';
import { type ReadRequest, readFleet } from '../../lib/http/reads';
import { isJsonObject } from '../../lib/json/json';
import type { OpenStore } from '../egiz-store/store-node';
import { defineNode } from '../shell/define';
import { onRequest, refuseRequest } from '../shell/http';
import type { FlowMessage } from '../shell/input';
import { storeOf } from '../shell/references';
import { statusOf } from '../shell/status';
import { migrations } from './migrations';

export = (RED: NodeAPI): void => {
  defineNode(RED, {
    type: 'egiz-fleet-query',
    migrations,
    refuse: refuseRequest,
    build(node, saved) {
      const store = storeOf(RED, saved.store);
      const preset = saved.read === BY_PATH ? BY_PATH : readOf(saved.read);
      const show = statusOf(node);
      const stop = store.onHealth((fault) => {
        if (fault === undefined) show('green', 'status.ready');
        else show('red', 'status.noStore');
      });

      onRequest(node, async (msg) => answer(store.open(), readFor(preset, msg), msg));
      node.on('close', () => stop());
    },
  });
};

/** `msg.read` wins over the node's choice. */
function readFor(preset: Read | typeof BY_PATH, msg: FlowMessage): Read {
  if (msg.read !== undefined) return readOf(msg.read);
  if (preset !== BY_PATH) return preset;
  const path = (msg as HttpMessage).req?.path ?? '';
  return readForPath(path) ?? readOf(path);
}

/** @throws EgizError `INVALID_REQUEST` */
function readOf(value: unknown): Read {
  const read = READS.find((one) => one === value);
  if (read !== undefined) return read;
  throw new EgizError('INVALID_REQUEST', `${JSON.stringify(value)} is not something this node can read`, {
    mend: `Use one of ${READS.join(', ')}.`,
  });
}

/** The API's description is no secret: whoever integrates it reads it first. */
const NOBODY: Auth = { subject: 'anonymous', tenantId: '', scopes: [] };

/** From `http in` by its request, from elsewhere by `msg.clientId`, `msg.commandId` and `msg.payload`. */
function answer({ fleet }: OpenStore, read: Read, msg: FlowMessage) {
  const { req } = msg as HttpMessage;
  const plain = isJsonObject(msg.payload) ? msg.payload : {};
  const request: ReadRequest = {
    auth: read === 'openapi' ? NOBODY : requireAuth(msg.auth, 'config:read'),
    clientId: req?.params?.clientId ?? msg.clientId,
    commandId: req?.params?.commandId ?? msg.commandId,
    query: req?.query ?? plain,
    path: `${req?.baseUrl ?? ''}${req?.path ?? ''}`,
  };
  return readFleet(fleet, read, request);
}
