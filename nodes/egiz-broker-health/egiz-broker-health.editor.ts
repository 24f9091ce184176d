import type { EditorNodeProperties, EditorRED } from 'node-red';
import { migrateOpenNode } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  broker: string;
  interval: number;
  silentAfter: number;
  unreachableAfter: number;
  queue: number;
  lostPercent: number;
  lostMinimum: number;
  loginFailures: number;
  hold: number;
  guard: boolean;
  configVersion: number;
}

const OUTPUTS = ['output.metrics', 'output.alert', 'output.dashboard'] as const;
const number = (value: number) => ({ value, required: true, validate: RED.validators.number() });

RED.nodes.registerType<Properties>('egiz-broker-health', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    broker: { value: '', type: 'egiz-broker', required: true },
    interval: number(10),
    silentAfter: number(35),
    unreachableAfter: number(5),
    queue: number(10_000),
    lostPercent: number(10),
    lostMinimum: number(5),
    loginFailures: number(10),
    hold: number(300),
    guard: { value: true },
    configVersion: { value: 1 },
  },
  inputs: 1,
  outputs: 3,
  icon: 'egiz-broker-health.svg',
  paletteLabel: 'broker health',
  outputLabels(index) {
    const key = OUTPUTS[index];
    return key === undefined ? undefined : this._(key);
  },
  label() {
    return this.name || 'broker health';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
  },
});
