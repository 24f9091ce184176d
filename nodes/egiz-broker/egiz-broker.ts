import type { Node, NodeAPI, NodeDef } from 'node-red';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import type { BrokerOptions } from '../../lib/mqtt/broker-links';
import type { TlsOptions } from '../../lib/mqtt/options';
import { migrate, type SavedConfig } from '../shell/migrate';
import type { BrokerNode } from './broker-node';
import { BrokerRuntime } from './broker-runtime';
import { type BrokerConfig, type BrokerCredentials, parseConfig } from './config';
import { migrations } from './migrations';

/** Node-RED's own `tls-config` node, as far as we use it. */
interface TlsConfigNode extends Node {
  readonly valid?: boolean;
  addTLSOptions(options: TlsOptions): TlsOptions;
}

export = (RED: NodeAPI): void => {
  function EgizBroker(this: Node<BrokerCredentials>, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    const credentials = this.credentials ?? {};
    let config: BrokerConfig | EgizError;
    try {
      config = parseConfig(migrate({ ...definition } as unknown as SavedConfig, migrations), credentials);
    } catch (fault) {
      config = toEgizError(fault, 'CONFIG_INVALID');
    }
    const known = config instanceof EgizError ? undefined : config;
    const options = (): BrokerOptions => {
      if (config instanceof EgizError) throw config;
      const { tls, ...rest } = config;
      return { ...rest, ...tlsOf(RED, tls), ...loginOf(credentials) };
    };
    const runtime = new BrokerRuntime(known?.role ?? 'service', options, {
      log: (text) => this.log(text),
      warn: (text) => this.warn(text),
      error: (text) => this.error(text),
    });
    Object.assign(this, {
      account: known?.account ?? '',
      publisher: runtime.publisher,
      receiver: runtime.receiver,
      subscriptions: runtime.subscriptions,
      register: runtime.register.bind(runtime),
      listen: runtime.listen.bind(runtime),
      openStream: runtime.openStream.bind(runtime),
      setWill: runtime.setWill.bind(runtime),
    } satisfies Omit<BrokerNode, keyof Node>);
    this.on('close', (_removed: boolean, done: () => void) => {
      void runtime.close().then(done, done);
    });
  }
  RED.nodes.registerType<Node<BrokerCredentials>, NodeDef, object, BrokerCredentials>(
    'egiz-broker',
    EgizBroker,
    {
      // Both are passwords to Node-RED, so neither can be read back from the editor.
      credentials: { user: { type: 'password' }, password: { type: 'password' } },
    },
  );
};

function tlsOf(RED: NodeAPI, id: string): Pick<BrokerOptions, 'tls'> {
  if (id === '') return {};
  const node = RED.nodes.getNode(id) as TlsConfigNode | null | undefined;
  if (node === null || node === undefined || node.valid === false) {
    throw new EgizError('CONFIG_INVALID', 'The TLS configuration of the broker connection cannot be used', {
      mend: 'Open it and check that its certificate, key and CA files can be read.',
    });
  }
  return { tls: () => node.addTLSOptions({}) };
}

function loginOf({ user, password }: BrokerCredentials): Pick<BrokerOptions, 'credentials'> {
  if (user === undefined || user === '') return {};
  return { credentials: password === undefined ? { username: user } : { username: user, password } };
}
