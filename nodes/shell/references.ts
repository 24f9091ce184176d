import type { Node, NodeAPI } from 'node-red';
import { EgizError } from '../../lib/errors/egiz-error';
import type { BrokerNode } from '../egiz-broker/broker-node';
import type { StoreNode } from '../egiz-store/store-node';

/** @throws EgizError `CONFIG_INVALID` when no store is chosen, or it is disabled */
export function storeOf(RED: NodeAPI, id: unknown): StoreNode {
  return reference(RED, id, 'store') as StoreNode;
}

/** @throws EgizError `CONFIG_INVALID` when no broker is chosen, or it is disabled */
export function brokerOf(RED: NodeAPI, id: unknown): BrokerNode {
  return reference(RED, id, 'broker') as BrokerNode;
}

function reference(RED: NodeAPI, id: unknown, what: 'store' | 'broker'): Node {
  const known = typeof id === 'string' && id !== '';
  const node = (known ? RED.nodes.getNode(id) : undefined) as Node | null | undefined;
  if (node?.type === `egiz-${what}`) return node;
  throw new EgizError('CONFIG_INVALID', `No ${what} is chosen, or it is disabled`, {
    mend: `Open the node and choose the ${what}.`,
  });
}
