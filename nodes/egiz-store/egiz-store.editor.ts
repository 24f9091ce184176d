import type { EditorNodeProperties, EditorRED } from 'node-red';
import { migrateOpenNode } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  file: string;
  inventory: string;
  schemas: string;
  configVersion: number;
}

RED.nodes.registerType<Properties>('egiz-store', {
  category: 'config',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    file: { value: '' },
    inventory: { value: '' },
    schemas: { value: '' },
    configVersion: { value: 1 },
  },
  paletteLabel: 'store',
  label() {
    return this.name || this.file || 'store';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
  },
});
