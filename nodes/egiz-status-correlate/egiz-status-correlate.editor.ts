import type { EditorNodeProperties, EditorRED } from 'node-red';
import { isConfigNode, migrateOpenNode } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  store: string;
  broker: string;
  configVersion: number;
}

const OUTPUTS = ['output.transition', 'output.alert', 'output.unmatched'] as const;

RED.nodes.registerType<Properties>('egiz-status-correlate', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    store: { value: '', type: 'egiz-store', required: true },
    broker: {
      value: '',
      type: 'egiz-broker',
      required: false,
      validate: (id) => id === '' || id === '_ADD_' || isConfigNode(RED, id),
    },
    configVersion: { value: 1 },
  },
  inputs: 1,
  outputs: 3,
  icon: 'egiz-status-correlate.svg',
  paletteLabel: 'status correlate',
  outputLabels(index) {
    const key = OUTPUTS[index];
    return key === undefined ? undefined : this._(key);
  },
  label() {
    return this.name || 'status correlate';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
  },
});
