import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeInitializer, NodeStatus } from 'node-red';
import helper from 'node-red-node-test-helper';

import publishNode = require('../../nodes/egiz-config-publish/egiz-config-publish');
import queryNode = require('../../nodes/egiz-fleet-query/egiz-fleet-query');
import correlateNode = require('../../nodes/egiz-status-correlate/egiz-status-correlate');
import storeNode = require('../../nodes/egiz-store/egiz-store');

import { EgizError } from '../../lib/errors/egiz-error';
import type { OpenStore, StoreNode } from '../../nodes/egiz-store/store-node';
import { fakeBrokerNode } from './fake-broker';
import { collect, countDones, type EventCounter, nodeOf, statusOf } from './flow';

type Message = Record<string, unknown>;
type Entry = Record<string, unknown> & { id: string; type: string };

export const INVENTORY = `
tenants:
  - id: acme
    clients:
      - { id: press-1, type: signal-tower }
      - { id: press-2, type: signal-tower }
  - id: globex
    clients:
      - { id: press-1, type: signal-tower }
`;

/** Without a place on a tab Node-RED takes a node for a configuration node. */
export const PLACE = { z: 'flow', x: 100, y: 100 };

export const ALICE = { subject: 'alice', tenantId: 'acme', scopes: ['config:read', 'config:write'] };

/** Settings that fit `signal-tower/1`; each number makes others. */
export const settings = (seconds: number) => ({
  lamps: { running: { colour: 'green', mode: 'steady' } },
  publishIntervalSeconds: seconds,
});

/** What stands behind the id `broker-1`. */
export interface BrokerPart {
  readonly modules: readonly NodeInitializer[];
  readonly entries: readonly Entry[];
  readonly credentials?: Record<string, Record<string, string>>;
}

const FAKE_BROKER: BrokerPart = {
  modules: [fakeBrokerNode],
  entries: [{ id: 'broker-1', type: 'egiz-broker' }],
};

/** A flow around a store in a directory of its own; its nodes are called `store-1`, `broker-1` and as given. */
export class ServiceFlow {
  readonly directory = mkdtempSync(join(tmpdir(), 'egiz-service-'));
  readonly storeFile = join(this.directory, 'store.db');
  /** What each collector has received, by its id. */
  readonly received = new Map<string, Message[]>();
  readonly #broker: BrokerPart;
  #flow: Entry[] = [];

  constructor(broker: BrokerPart = FAKE_BROKER) {
    this.#broker = broker;
    writeFileSync(join(this.directory, 'inventory.yaml'), INVENTORY);
  }

  /** One node of ours whose output N ends in the collector `NAME.N`; Catch ends in `caught`. */
  node(id: string, type: string, outputs: number, config: Message = {}): Entry {
    const wires = Array.from({ length: outputs }, (_, index) => [`${id}.${index + 1}`]);
    return { id, type, ...PLACE, configVersion: 1, store: 'store-1', wires, ...config };
  }

  store(config: Message = {}): Entry {
    const inventory = join(this.directory, 'inventory.yaml');
    return {
      id: 'store-1',
      type: 'egiz-store',
      configVersion: 1,
      file: this.storeFile,
      inventory,
      ...config,
    };
  }

  /** The tested nodes come before what they are wired to, as in a flow that grew by hand. */
  flowOf(nodes: Entry[], store = this.store()): Entry[] {
    const wired = nodes.flatMap(({ wires }) => (wires as string[][] | undefined)?.flat() ?? []);
    const ends = wired.filter((end) => !nodes.some(({ id }) => id === end));
    return [
      { id: 'flow', type: 'tab' },
      store,
      ...this.#broker.entries,
      ...nodes,
      { id: 'catcher', ...PLACE, type: 'catch', scope: null, wires: [['caught']] },
      ...[...new Set([...ends, 'caught'])].map((id) => ({ id, ...PLACE, type: 'helper' })),
    ];
  }

  async load(nodes: Entry[], store = this.store()): Promise<void> {
    this.#flow = this.flowOf(nodes, store);
    const { modules, credentials = {} } = this.#broker;
    await helper.load(
      [storeNode, publishNode, queryNode, correlateNode, ...modules],
      this.#flow,
      credentials,
    );
    this.#listen();
  }

  /** A partial deploy: `change` returns the changed entries. */
  async deploy(change: (entry: Entry) => Entry | undefined, type: 'nodes' | 'full' = 'nodes'): Promise<void> {
    this.#flow = this.#flow.map((entry) => change({ ...entry })).filter((entry) => entry !== undefined);
    await helper.setFlows(this.#flow, type, this.#broker.credentials ?? {});
    this.#listen();
  }

  #listen(): void {
    for (const { id, type } of this.#flow) {
      if (type !== 'helper') continue;
      const node = nodeOf(id) as Node & { listened?: boolean };
      if (node.listened === true) continue;
      node.listened = true;
      const before = this.received.get(id) ?? [];
      this.received.set(id, before);
      const now = collect(node);
      now.push = (...messages) => before.push(...messages);
    }
  }

  at(collector: string): Message[] {
    return this.received.get(collector) ?? [];
  }

  /** Waits until the store knows the clients of the inventory. */
  async ready(): Promise<OpenStore> {
    const open = await opened(nodeOf('store-1') as StoreNode);
    await eventually('the inventory is read', () =>
      open.service.store.transaction(async (tx) => (await tx.registeredClients()).length === 3),
    );
    return open;
  }

  send(id: string, ...messages: Message[]): void {
    for (const message of messages) nodeOf(id).receive(message as never);
  }

  /** Sends one message and waits for what comes out of the node's first two outputs. */
  async ask(id: string, message: Message): Promise<Message> {
    const before = this.at(`${id}.1`).length + this.at(`${id}.2`).length;
    const answers = () => [...this.at(`${id}.1`), ...this.at(`${id}.2`)];
    const last = { 1: this.at(`${id}.1`).length, 2: this.at(`${id}.2`).length };
    this.send(id, message);
    await eventually('an answer', () => answers().length > before);
    const answer = this.at(`${id}.1`)[last[1]] ?? this.at(`${id}.2`)[last[2]];
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  dones(id: string): unknown[] {
    return countDones(nodeOf(id) as Node & EventCounter);
  }

  /** The statuses a node has shown, as text. */
  statuses(id: string): string[] {
    return statusOf(nodeOf(id)).map(({ text = '' }: NodeStatus) => text);
  }

  async end(): Promise<void> {
    await helper.unload();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A push, as `http in` and `jwt verify` would hand it over. */
export function pushRequest(clientId: string, payload: unknown, extra: Message = {}): Message {
  return { auth: ALICE, payload, req: { params: { clientId }, headers: {} }, ...extra };
}

/** Waits until `condition` holds, at most `ms`. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 5_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`In vain waited for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The store is open when its inventory has been read. */
export function opened(store: StoreNode): Promise<OpenStore> {
  return new Promise((resolve) => {
    const stop = store.onService((state) => {
      if (state instanceof EgizError) return;
      setImmediate(() => stop());
      resolve(state);
    });
  });
}
