import type { NodeInitializer } from 'node-red';
import helper from 'node-red-node-test-helper';
import { nodeOf, statusOf } from '../nodes/flow';

import healthNode = require('../../nodes/egiz-broker-health/egiz-broker-health');
import brokerNode = require('../../nodes/egiz-broker/egiz-broker');
import presenceNode = require('../../nodes/egiz-presence/egiz-presence');

type Message = Record<string, unknown>;

/** Node-RED's own node, which holds the certificate. */
const tlsNode = require('@node-red/nodes/core/network/05-tls.js') as NodeInitializer;
const PLACE = { z: 'flow', x: 100, y: 100 };

/** How the nodes reach a broker. */
export interface Reach {
  readonly url: string;
  readonly account: string;
  readonly password?: string;
  readonly certificate?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** One node of ours that watches a real broker; what comes out of each of its three outputs is kept. */
export class WatchingFlow {
  readonly outputs: readonly Message[][] = [[], [], []];

  async load(
    { url, account, password, certificate }: Reach,
    type: string,
    config: Message = {},
  ): Promise<void> {
    const outs = ['out0', 'out1', 'out2'];
    const flow = [
      { id: 'flow', type: 'tab' },
      { id: 'tls', type: 'tls-config', verifyservercert: true, ...certificate },
      {
        id: 'broker',
        type: 'egiz-broker',
        name: 'plant',
        url,
        account,
        tls: certificate === undefined ? '' : 'tls',
      },
      { id: 'tested', type, ...PLACE, broker: 'broker', wires: outs.map((id) => [id]), ...config },
      ...outs.map((id) => ({ id, ...PLACE, type: 'helper' })),
    ];
    const credentials = password === undefined ? {} : { broker: { user: account, password } };
    await helper.load([tlsNode, brokerNode, presenceNode, healthNode], flow as never, credentials);
    for (const [index, id] of outs.entries()) {
      nodeOf(id).on('input', (msg) => {
        this.outputs[index]?.push(msg as unknown as Message);
      });
    }
  }

  /** The payloads of an output, in the order they came. */
  at(output: 0 | 1 | 2): Message[] {
    return (this.outputs[output] ?? []).map(({ payload }) => payload as Message);
  }

  /** The node's status, as it is shown now. */
  get shown(): string | undefined {
    return statusOf(nodeOf('tested')).at(-1)?.text;
  }
}
