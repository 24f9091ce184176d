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

/** Between two statuses of a busy node: the editor need not follow every message. */
const CALM_MS = 500;

/** Like `statusOf`, for nodes whose state may change with every message: shows the latest, twice a second. */
export function calmStatusOf(node: Node): ReturnType<typeof statusOf> {
  const show = statusOf(node);
  let latest: Parameters<typeof show> | undefined;
  let timer: NodeJS.Timeout | undefined;
  node.on('close', () => clearTimeout(timer));
  const tick = () => {
    timer = undefined;
    if (latest === undefined) return;
    show(...latest);
    latest = undefined;
    timer = setTimeout(tick, CALM_MS).unref();
  };
  return (...status) => {
    latest = status;
    if (timer === undefined) tick();
  };
}
