import type { NodeAPI } from 'node-red';
import { PayloadValidator } from '../../lib/schemas/payload-validator';
import { defineNode } from '../shell/define';
import { type FlowMessage, onInput } from '../shell/input';
import { calmStatusOf } from '../shell/status';
import { parseConfig } from './config';
import { migrations } from './migrations';

export = (RED: NodeAPI): void => {
  defineNode(RED, {
    type: 'egiz-payload-validate',
    migrations,
    build(node, saved) {
      const config = parseConfig(saved);
      const validator = new PayloadValidator(config, Date.now);
      const show = calmStatusOf(node);
      show('grey', 'status.ready', 'ring');

      onInput(node, ({ msg, send }) => {
        const topic = typeof msg.topic === 'string' ? msg.topic : '';
        const payload = propertyOf(RED, msg, config.property);
        const { value, schema, errors } = validator.validate(topic, payload);
        if (value !== payload) RED.util.setMessageProperty(msg, config.property, value, true);
        if (schema === undefined) delete msg.schema;
        else msg.schema = schema;
        if (errors.length === 0) {
          delete msg.errors;
          show('green', 'status.valid');
          send([msg, null]);
        } else {
          msg.errors = errors;
          show('yellow', 'status.invalid');
          send([null, msg]);
        }
      });
    },
  });
};

/** Node-RED throws for a path that leads through something missing: to us it is missing. */
function propertyOf(RED: NodeAPI, msg: FlowMessage, property: string): unknown {
  try {
    return RED.util.getMessageProperty(msg, property);
  } catch {
    return undefined;
  }
}
