import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Node, NodeAPI } from 'node-red';
import { EdgeClient } from '../../lib/edge/client';
import { StateFile } from '../../lib/edge/state-file';
import { EgizError } from '../../lib/errors/egiz-error';
import { SchemaRegistry } from '../../lib/schemas/registry';
import { SHIPPED_CLIENT_SCHEMAS } from '../../lib/schemas/shipped';
import { systemClock } from '../../lib/time/clock';
import type { BrokerNode } from '../egiz-broker/broker-node';
import { defineNode } from '../shell/define';
import { brokerOf } from '../shell/references';
import { onceFlowsRun, wayOutOf } from '../shell/start';
import { parseConfig } from './config';
import type { ConfigInNode } from './config-in-node';
import { Dialogue } from './dialogue';
import { BrokerEdgeLink } from './edge-link';
import { EdgeStatus } from './edge-status';
import { migrations } from './migrations';

/** One start of the process, whatever is deployed in it. */
const BOOT_ID = randomUUID();
/** Node-RED gives a node 15 s to close. */
const CLOSE_MS = 8_000;

export = (RED: NodeAPI): void => {
  defineNode(RED, {
    type: 'egiz-config-in',
    migrations,
    build(node, saved) {
      const broker = clientBroker(RED, saved.broker);
      const config = parseConfig(saved, broker, RED.settings.userDir ?? process.cwd());
      const { ref, schemaDirectories, stateFile, confirmTimeoutMs } = config;
      const { send } = wayOutOf(RED, node);
      const dialogue = new Dialogue(ref, node.id, (msg) => send([msg]));
      const status = new EdgeStatus(RED, node);
      const client = new EdgeClient({
        ref,
        store: new StateFile(stateFile),
        schemas: schemaDirectories && SchemaRegistry.load([SHIPPED_CLIENT_SCHEMAS, ...schemaDirectories]),
        apply: dialogue.ask,
        confirmTimeoutMs,
        bootId: BOOT_ID,
        clock: systemClock,
        onWarning: ({ message, cause }) =>
          node.warn(cause.mend === undefined ? message : `${message}. ${cause.mend}`),
        onProgress: (progress) => status.progress(progress),
      });
      Object.assign(node, {
        answer: (handle, answer) => dialogue.answer(client, handle, answer),
      } satisfies Omit<ConfigInNode, keyof Node>);
      run(RED, node, { broker, client, status });
    },
  });
};

interface Parts {
  readonly broker: BrokerNode;
  readonly client: EdgeClient;
  readonly status: EdgeStatus;
}

/** Starts the client when the flow behind the node is there, and stops it with the node. */
function run(RED: NodeAPI, node: Node, { broker, client, status }: Parts): void {
  const link = new BrokerEdgeLink(broker);
  const leaveWill = broker.setWill(() => client.will());
  const unregister = broker.register(node);
  const stopState = broker.receiver.onState((state) => status.link(state));
  let closed = false;
  onceFlowsRun(RED, () => {
    if (!closed) client.start(link);
  });
  status.progress(client.progress);

  node.on('close', (removed: boolean, done: () => void) => {
    closed = true;
    stopState();
    // First: what comes from now on is the successor's.
    const left = link.leave(removed);
    const gone = client.stop().then(async () => {
      // Others may go on using the connection, so its will does not tell.
      if (removed) await broker.publisher.publish(client.will()).catch(() => undefined);
      await left;
    });
    // A broker that does not answer must not hold up the deploy.
    void Promise.race([gone, delay(CLOSE_MS, undefined, { ref: false })]).finally(() => {
      leaveWill();
      unregister();
      done();
    });
  });
}

/** @throws EgizError `CONFIG_INVALID` */
function clientBroker(RED: NodeAPI, id: unknown): BrokerNode {
  const broker = brokerOf(RED, id);
  if (broker.publisher === broker.receiver) return broker;
  throw new EgizError('CONFIG_INVALID', 'The broker connection is not one of an edge client', {
    mend: 'Open the broker connection and set "Used as" to "an edge client".',
  });
}
