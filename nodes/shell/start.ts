import type { Node, NodeAPI } from 'node-red';
import type { FlowMessage } from './input';

/**
 * Calls `action` when the deploy under way has made all its nodes. What a node sends earlier may find those
 * behind it not yet made, and is then lost; so is an error that comes before its Catch node.
 */
export function onceFlowsRun(RED: NodeAPI, action: () => void): void {
  RED.events.once('flows:started', action);
}

/** A node's way out for what happens by itself, and not because of a message. */
export interface WayOut {
  /** One message per output; `null` leaves an output silent. */
  send(outputs: readonly (FlowMessage | null)[]): void;
  /** For Catch nodes, as the error of a message with this topic. */
  error(error: Error, topic: string): void;
}

/** Keeps what happens before the flows run until they do. A fault in what is behind it stays there. */
export function wayOutOf(RED: NodeAPI, node: Node): WayOut {
  let kept: (() => void)[] | undefined = [];
  onceFlowsRun(RED, () => {
    const early = kept ?? [];
    kept = undefined;
    for (const act of early) act();
  });
  const pass = (act: () => void) => {
    if (kept === undefined) act();
    else kept.push(act);
  };
  const send: WayOut['send'] = (outputs) => {
    try {
      node.send(outputs as never);
    } catch (fault) {
      node.error(fault);
    }
  };
  return {
    send: (outputs) => pass(() => send(outputs)),
    error: (error, topic) => pass(() => node.error(error, { topic })),
  };
}
