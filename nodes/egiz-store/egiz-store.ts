import type { Node, NodeAPI, NodeDef } from 'node-red';
import { toEgizError } from '../../lib/errors/egiz-error';
import { migrate, type SavedConfig } from '../shell/migrate';
import { parseConfig } from './config';
import { migrations } from './migrations';
import type { StoreNode } from './store-node';
import { StoreRuntime } from './store-runtime';

export = (RED: NodeAPI): void => {
  function EgizStore(this: Node, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    const saved = migrate({ ...definition } as unknown as SavedConfig, migrations);
    const userDirectory = RED.settings.userDir ?? process.cwd();
    const runtime = new StoreRuntime(parseConfig(saved, userDirectory), {
      instance: this.id,
      warn: (text) => this.warn(text),
      error: (fault) => this.error(toEgizError(fault).message),
      log: (text) => this.log(text),
    });
    Object.assign(this, {
      open: () => runtime.open(),
      onService: runtime.onService.bind(runtime),
      publishThrough: runtime.publishThrough.bind(runtime),
    } satisfies Pick<StoreNode, 'open' | 'onService' | 'publishThrough'>);
    this.on('close', (_removed: boolean, done: () => void) => {
      void runtime.close().then(done, done);
    });
    runtime.start();
  }
  RED.nodes.registerType('egiz-store', EgizStore);
};
