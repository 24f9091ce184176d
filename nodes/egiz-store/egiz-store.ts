import type { Node, NodeAPI, NodeDef } from 'node-red';
import { migrate, type SavedConfig } from '../shell/migrate';
import { parseConfig } from './config';
import { migrations } from './migrations';
import type { StoreApi } from './store-node';
import { StoreRuntime } from './store-runtime';

export = (RED: NodeAPI): void => {
  function EgizStore(this: Node, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    const read = () => {
      const saved = migrate({ ...definition } as unknown as SavedConfig, migrations);
      return parseConfig(saved, RED.settings.userDir ?? process.cwd());
    };
    const runtime = new StoreRuntime(read, {
      instance: this.id,
      log: (text) => this.log(text),
      warn: (text) => this.warn(text),
      error: ({ message, cause }) =>
        this.error(cause.mend === undefined ? message : `${message}. ${cause.mend}`),
    });
    Object.assign(this, {
      open: () => runtime.open(),
      onService: (listener) => runtime.onService(listener),
      onHealth: (listener) => runtime.onHealth(listener),
      publishThrough: (key, outlet) => runtime.publishThrough(key, outlet),
    } satisfies StoreApi);
    this.on('close', (_removed: boolean, done: () => void) => {
      void runtime.close().then(done, done);
    });
    runtime.start();
  }
  RED.nodes.registerType('egiz-store', EgizStore);
};
