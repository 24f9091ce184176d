import type { Node, NodeInitializer, NodeStatus } from 'node-red';
import helper from 'node-red-node-test-helper';

export interface Outcome {
  /** The messages of each output. */
  readonly outputs: readonly Record<string, unknown>[][];
  /** What each message's `done` was called with, in order; one entry a call. */
  readonly dones: readonly unknown[];
  readonly status: readonly NodeStatus[];
}

/** How long a node may take until it has called `done` for every message. */
const ANSWER_MS = 3_000;
/** How long the routing of what it sent may take, and a second `done` that must not come. */
const SETTLE_MS = 60;

/** Loads one node with a collector at each output, hands it the messages and gives the flow time to settle. */
export async function runFlow(
  initializer: NodeInitializer,
  config: Record<string, unknown> & { type: string },
  outputs: number,
  messages: readonly Record<string, unknown>[],
): Promise<Outcome> {
  const collectors = Array.from({ length: outputs }, (_, index) => `out${index}`);
  await helper.load(initializer, [
    { id: 'flow', type: 'tab' },
    { id: 'tested', z: 'flow', wires: collectors.map((id) => [id]), ...config },
    ...collectors.map((id) => ({ id, z: 'flow', type: 'helper' })),
  ]);
  const node = nodeOf('tested') as Node & EventCounter;
  const collected = collectors.map((id) => collect(nodeOf(id)));
  const dones = countDones(node);
  for (const msg of messages) node.receive(msg as never);
  const deadline = Date.now() + ANSWER_MS;
  while (dones.length < messages.length && Date.now() < deadline) await pause(5);
  await pause(SETTLE_MS);
  return { outputs: collected, dones, status: statusOf(node) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function nodeOf(id: string): Node {
  const node = helper.getNode(id);
  if (node === null) throw new Error(`The flow has no node ${id}`);
  return node;
}

export interface EventCounter {
  _complete(msg: unknown, error?: unknown): void;
}

/** `done` ends in the node's `_complete`: the only place where a second call would show. */
export function countDones(node: EventCounter): unknown[] {
  const dones: unknown[] = [];
  const complete = node._complete.bind(node);
  node._complete = (msg, error) => {
    dones.push(error);
    complete(msg, error);
  };
  return dones;
}

export function collect(node: Node): Record<string, unknown>[] {
  const messages: Record<string, unknown>[] = [];
  node.on('input', (msg) => {
    messages.push(msg as unknown as Record<string, unknown>);
  });
  return messages;
}

/** The helper has one spy for all nodes. */
export function statusOf(node: Node): NodeStatus[] {
  const { args, thisValues } = node.status as unknown as { args: [NodeStatus][]; thisValues: Node[] };
  return args.filter((_, index) => thisValues[index]?.id === node.id).map(([status]) => status);
}
