import type { Node } from 'node-red';
import { EgizError } from '../../lib/errors/egiz-error';
import { type HttpMessage, respond, respondProblem } from '../../lib/http/message';
import type { HttpResponse } from '../../lib/http/problem';
import { type FlowMessage, type Input, onInput } from './input';

/**
 * Wires a node that answers requests: output 1 carries the answer, output 2 the problem, both ready for
 * `http response`. A fault that is not the caller's goes to Catch nodes, too.
 */
export function onRequest(node: Node, answer: (msg: FlowMessage) => Promise<HttpResponse>): void {
  onInput(node, async ({ msg, send }) => {
    try {
      respond(msg as HttpMessage, await answer(msg));
      send([msg, null]);
    } catch (thrown) {
      const fault = respondProblem(msg as HttpMessage, thrown);
      send([null, msg]);
      if (fault !== undefined) throw fault;
    }
  });
}

/** The answer of a node that could not be built: its caller must not wait for one that never comes. */
export function refuseRequest({ msg, send }: Input, { message, cause }: EgizError): void {
  respondProblem(msg as HttpMessage, new EgizError('CONFIG_INVALID', message, cause));
  send([null, msg]);
}
