import type { Node, NodeAPI } from 'node-red';
import type { FlowMessage } from './input';

export type Send = (outputs: readonly (FlowMessage | null)[]) => void;

/**
 * Calls `action` when the deploy under way has made all its nodes. What a node sends earlier may find those
 * behind it not yet made, and is then lost.
 */
export function onceFlowsRun(RED: NodeAPI, action: () => void): void {
  RED.events.once('flows:started', action);
}

/** A node's way out for what happens by itself: kept until the flows run, and a fault behind it stays there. */
export function sendOnceFlowsRun(RED: NodeAPI, node: Node): Send {
  let kept: (readonly (FlowMessage | null)[])[] | undefined = [];
  const send: Send = (outputs) => {
    try {
      node.send(outputs as never);
    } catch (fault) {
      node.error(fault);
    }
  };
  onceFlowsRun(RED, () => {
    const early = kept ?? [];
    kept = undefined;
    for (const outputs of early) send(outputs);
  });
  return (outputs) => {
    if (kept === undefined) send(outputs);
    else kept.push(outputs);
  };
}
