declare module 'node-red-node-test-helper' {
  import type { Node, NodeInitializer } from 'node-red';

  /** One entry of a flow file. */
  type FlowEntry = Record<string, unknown> & { id: string; type: string };

  interface TestHelper {
    init(runtimePath: string, settings?: Record<string, unknown>): void;
    load(
      nodes: NodeInitializer | NodeInitializer[],
      flow: FlowEntry[],
      credentials?: Record<string, Record<string, string>>,
    ): Promise<void>;
    unload(): Promise<void>;
    /** Nothing without a node of this id. */
    getNode(id: string): Node | null;
    clearFlows(): Promise<void>;
    setFlows(
      flow: FlowEntry[],
      type?: 'full' | 'nodes' | 'flows',
      credentials?: Record<string, Record<string, string>>,
    ): Promise<void>;
    startServer(done: () => void): void;
    stopServer(done: () => void): void;
    url(): string;
    settings(settings: Record<string, unknown>): void;
    log(): { args: [{ level: number; msg: unknown }][] };
  }

  const helper: TestHelper;
  export default helper;
}
