import type { Node, NodeStatus } from 'node-red';

export type StatusFill = 'red' | 'green' | 'yellow' | 'blue' | 'grey';

/**
 * Returns a function that shows a status under the node, and says nothing when it is already shown.
 * A full dot is a state at rest, a ring one in progress.
 */
export function statusOf(node: Node): (fill: StatusFill, text: string, shape?: 'dot' | 'ring') => void {
  let shown = '';
  return (fill, text, shape = 'dot') => {
    const next = `${fill} ${shape} ${text}`;
    if (next === shown) return;
    shown = next;
    const status: NodeStatus = { fill, shape, text };
    node.status(status);
  };
}
