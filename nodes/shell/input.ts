import type { Node, NodeMessageInFlow } from 'node-red';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';

/** A message on its way through one of our nodes: any property may be there, none is trusted. */
export type FlowMessage = NodeMessageInFlow & Record<string, unknown>;

export interface Input {
  readonly msg: FlowMessage;
  /** One message, or one per output; `null` leaves an output silent. */
  send(outputs: FlowMessage | (FlowMessage | null)[]): void;
  /** Aborted when the node is closed or redeployed. */
  readonly signal: AbortSignal;
}

/** How long a closing node waits for its messages before it answers them itself. */
const CLOSE_GRACE_MS = 8_000;

/**
 * Wires `handle` to the node's input so that every message ends in exactly one `done`, whatever happens:
 * a fault becomes `done(error)` for Catch nodes, a close while it is under way `NODE_CLOSED`.
 * A rejected promise never reaches the runtime, which it would end.
 */
export function onInput(node: Node, handle: (input: Input) => Promise<void> | void): void {
  const closing = new AbortController();
  const pending = new Set<Promise<void>>();

  node.on('input', (msg, send, done) => {
    let answered = false;
    const answer = (error?: EgizError) => {
      if (answered) return;
      answered = true;
      done(error);
    };
    const onAbort = () => setTimeout(() => answer(closedError(node)), CLOSE_GRACE_MS).unref();
    closing.signal.addEventListener('abort', onAbort, { once: true });
    const input: Input = {
      msg: msg as FlowMessage,
      // Node-RED takes arrays with nulls at run time; its types do not say so.
      send: (outputs) => send(outputs as NodeMessageInFlow),
      signal: closing.signal,
    };
    const work = settle(handle, input).then(answer, (fault) => answer(toEgizError(fault)));
    pending.add(work);
    void work.finally(() => {
      pending.delete(work);
      closing.signal.removeEventListener('abort', onAbort);
    });
  });

  node.on('close', (_removed: boolean, done: () => void) => {
    closing.abort(closedError(node));
    const grace = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_GRACE_MS).unref());
    void Promise.race([Promise.all(pending), grace]).then(() => done());
  });
}

async function settle(handle: (input: Input) => Promise<void> | void, input: Input): Promise<undefined> {
  if (input.signal.aborted) throw input.signal.reason;
  await handle(input);
  return undefined;
}

function closedError(node: Node): EgizError {
  return new EgizError('NODE_CLOSED', 'The node was closed before it had finished with this message', {
    id: node.id,
    mend: 'Send the message again after the deploy.',
  });
}
