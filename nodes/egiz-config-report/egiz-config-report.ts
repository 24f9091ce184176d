import type { NodeAPI } from 'node-red';
import type { Answer } from '../../lib/edge/answer';
import { EgizError } from '../../lib/errors/egiz-error';
import { type ConfigInNode, HANDLE, nodeOfHandle } from '../egiz-config-in/config-in-node';
import { defineNode } from '../shell/define';
import { type FlowMessage, onInput } from '../shell/input';
import { calmStatusOf } from '../shell/status';
import { migrations } from './migrations';

export = (RED: NodeAPI): void => {
  defineNode(RED, {
    type: 'egiz-config-report',
    migrations,
    build(node, saved) {
      const show = calmStatusOf(node);
      onInput(node, ({ msg }) => {
        const { asked, handle } = askedBy(RED, msg);
        asked.answer(handle, answerOf(msg, saved.outcome));
        show('green', 'status.reported');
      });
    },
  });
};

/** The `config in` node that waits for this message. */
function askedBy(RED: NodeAPI, msg: FlowMessage): { asked: ConfigInNode; handle: string } {
  const handle = msg[HANDLE];
  const id = nodeOfHandle(handle);
  if (id === undefined || typeof handle !== 'string') {
    throw new EgizError('CONFIG_HANDLE_MISSING', 'This message does not come from a config in node', {
      mend: 'Pass on the message you got: change it, but do not make a new one.',
    });
  }
  const asked = RED.nodes.getNode(id) as ConfigInNode | null | undefined;
  if (asked?.type === 'egiz-config-in' && typeof asked.answer === 'function') return { asked, handle };
  throw new EgizError('CONFIG_ANSWER_LATE', 'The config in node that sent this message is gone', {
    id,
    mend: 'Nothing: after a deploy the configuration is sent again.',
  });
}

/** A node that is set to one outcome keeps to it, whatever the message says. */
function answerOf({ state, code, message, error, errors }: FlowMessage, outcome: unknown): Answer {
  const fixed = outcome === 'applied' || outcome === 'failed' || outcome === 'rejected';
  return { state: fixed ? outcome : state, code, message, error, errors };
}
