import type { EditorNodeProperties, EditorRED } from 'node-red';
import { BY_PATH, READS, type Read } from '../../lib/http/read-names';
import { fillSelect, migrateOpenNode } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  store: string;
  read: Read | typeof BY_PATH;
  configVersion: number;
}

RED.nodes.registerType<Properties>('egiz-fleet-query', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    store: { value: '', type: 'egiz-store', required: true },
    read: { value: BY_PATH, required: true },
    configVersion: { value: 1 },
  },
  inputs: 1,
  outputs: 2,
  icon: 'egiz-fleet-query.svg',
  paletteLabel: 'fleet query',
  outputLabels(index) {
    return this._(index === 0 ? 'output.answer' : 'output.problem');
  },
  label() {
    return this.name || (this.read === BY_PATH ? 'fleet query' : `fleet: ${this.read}`);
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
    const choices = [BY_PATH, ...READS].map((value) => ({ value, label: this._(`read.${value}`) }));
    fillSelect($('#node-input-read'), choices, this.read);
  },
});
