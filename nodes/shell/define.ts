import type { Node, NodeAPI, NodeDef } from 'node-red';
import { type EgizError, toEgizError } from '../../lib/errors/egiz-error';
import { type Input, onInput } from './input';
import { type Migrations, migrate, type SavedConfig } from './migrate';
import { statusOf } from './status';

export interface NodeKind {
  readonly type: string;
  readonly migrations: Migrations;
  /** Texts that Node-RED keeps encrypted, apart from the flow; a password is never given back to the editor. */
  readonly credentials?: Readonly<Record<string, { readonly type: 'password' }>>;
  /**
   * Builds one node from its migrated configuration. What it throws is the node's fault: it is shown and
   * logged, and every message is answered with it, so that Catch nodes see it.
   */
  readonly build: (node: Node, config: SavedConfig) => void;
  /** What else a message gets from a node that could not be built. */
  readonly refuse?: (input: Input, error: EgizError) => void;
}

/** Registers a node type. Every node of the package but the configuration nodes is registered this way. */
export function defineNode(RED: NodeAPI, kind: NodeKind): void {
  function EgizNode(this: Node, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    try {
      kind.build(this, migrate({ ...definition } as unknown as SavedConfig, kind.migrations));
    } catch (fault) {
      misconfigured(this, kind, toEgizError(fault, 'CONFIG_INVALID'));
    }
  }
  const { credentials } = kind;
  RED.nodes.registerType(kind.type, EgizNode, credentials === undefined ? undefined : { credentials });
}

function misconfigured(node: Node, { refuse }: NodeKind, error: EgizError): void {
  const mend = error.cause.mend === undefined ? '' : ` ${error.cause.mend}`;
  node.error(`${error.message}.${mend}`);
  statusOf(node)('red', 'status.misconfigured');
  onInput(node, (input) => {
    refuse?.(input, error);
    throw error;
  });
}
