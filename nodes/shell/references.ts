import type { Node, NodeAPI } from 'node-red';
import { EgizError } from '../../lib/errors/egiz-error';
import type { BrokerNode } from '../egiz-broker/broker-node';
import type { StoreNode } from '../egiz-store/store-node';

/** @throws EgizError `CONFIG_INVALID` when no store is chosen, or it is disabled */
export function storeOf(RED: NodeAPI, id: string): StoreNode {
  return reference(RED, id, 'store') as StoreNode;
}

/** @throws EgizError `CONFIG_INVALID` when no broker is chosen, or it is disabled */
export function brokerOf(RED: NodeAPI, id: string): BrokerNode {
  return reference(RED, id, 'broker') as BrokerNode;
}

function reference(RED: NodeAPI, id: string, what: string): Node {
  const node = (id === '' ? undefined : RED.nodes.getNode(id)) as Node | null | undefined;
  if (node !== null && node !== undefined) return node;
  throw new EgizError('CONFIG_INVALID', `No ${what} is chosen, or it is disabled`, {
    mend: `Open the node and choose the ${what}.`,
  });
}
