import type { EditorNodeProperties, EditorRED } from 'node-red';
import { fillSelect, migrateOpenNode } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

const OUTCOMES = ['message', 'applied', 'failed', 'rejected'] as const;

interface Properties extends EditorNodeProperties {
  outcome: (typeof OUTCOMES)[number];
  configVersion: number;
}

RED.nodes.registerType<Properties>('egiz-config-report', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    outcome: { value: 'message', required: true },
    configVersion: { value: 1 },
  },
  inputs: 1,
  outputs: 0,
  align: 'right',
  icon: 'egiz-config-report.svg',
  paletteLabel: 'config report',
  label() {
    return this.name || (this.outcome === 'message' ? 'config report' : `config ${this.outcome}`);
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
    const choices = OUTCOMES.map((value) => ({ value, label: this._(`outcome.${value}`) }));
    fillSelect($('#node-input-outcome'), choices, this.outcome);
  },
});
