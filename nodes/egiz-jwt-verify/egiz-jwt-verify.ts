import type { Node, NodeAPI } from 'node-red';
import { isDevelopment } from '../../lib/environment/development';
import { EgizError } from '../../lib/errors/egiz-error';
import { isJsonObject } from '../../lib/json/json';
import { keySource } from '../../lib/jwt/key-source';
import { TokenVerifier } from '../../lib/jwt/verifier';
import { defineNode } from '../shell/define';
import { refuseRequest } from '../shell/http';
import { type FlowMessage, onInput } from '../shell/input';
import type { SavedConfig } from '../shell/migrate';
import { calmStatusOf } from '../shell/status';
import { migrations } from './migrations';

export = (RED: NodeAPI): void => {
  defineNode(RED, {
    type: 'egiz-jwt-verify',
    migrations,
    refuse: refuseRequest,
    build(node, saved) {
      const development = isDevelopment(process.env);
      const verifier = new TokenVerifier({
        issuer: setting(saved, 'issuer'),
        audience: setting(saved, 'audience'),
        tenantClaim: setting(saved, 'tenantClaim'),
        keys: keySource({ location: setting(saved, 'keys'), development }),
        now: () => new Date(),
      });
      const scope = typeof saved.scope === 'string' && saved.scope !== '' ? saved.scope : undefined;
      const show = calmStatusOf(node);
      show('grey', 'status.ready', 'ring');
      const warn = warnOnce(node);

      onInput(node, async ({ msg, send }) => {
        delete msg.auth;
        const result = await verifier.verify(authorizationOf(msg), scope);
        if ('auth' in result) {
          msg.auth = result.auth;
          warn(undefined);
          show('green', 'status.accepted');
          send([msg, null]);
          return;
        }
        if (result.fault !== undefined) warn(result.fault);
        const { status, headers, body } = result.problem;
        Object.assign(msg, { statusCode: status, headers: { ...headers }, payload: body });
        show(status === 503 ? 'red' : 'yellow', `status.${status === 503 ? 'noKeys' : 'refused'}`);
        send([null, msg]);
      });
    },
  });
};

/**
 * Node-RED replaces `${NAME}` when the environment has NAME; a default that a migration filled in is replaced here.
 * @throws EgizError `CONFIG_INVALID` when it is empty, or a variable that the environment does not have
 */
function setting(saved: SavedConfig, name: string): string {
  const value = saved[name];
  const text = typeof value === 'string' ? value.trim() : '';
  const variable = /^\$\{(.+)\}$/.exec(text)?.[1];
  const found = variable === undefined ? text : (process.env[variable] ?? '');
  if (found !== '') return found;
  const fault = variable === undefined ? `"${name}" is not set` : `The environment has no ${variable}`;
  throw new EgizError('CONFIG_INVALID', fault, { mend: 'Set it in the node or in the environment.' });
}

/** Says a fault when it begins or changes, not with every request. */
function warnOnce(node: Node): (fault: EgizError | undefined) => void {
  let said = '';
  return (fault) => {
    const text = fault === undefined ? '' : `${fault.code}: ${fault.message}. ${fault.cause.mend ?? ''}`;
    if (text !== said && text !== '') node.warn(text);
    said = text;
  };
}

function authorizationOf(msg: FlowMessage): unknown {
  const { req } = msg;
  const headers = isJsonObject(req) ? req.headers : undefined;
  return isJsonObject(headers) ? headers.authorization : undefined;
}
