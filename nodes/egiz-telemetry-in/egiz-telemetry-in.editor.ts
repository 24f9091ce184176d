import type { EditorNodeProperties, EditorRED } from 'node-red';
import { migrateOpenNode, showRowsFor } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  broker: string;
  topic: string;
  shared: boolean;
  output: 'single' | 'batch';
  batchSize: number;
  batchMs: number;
  policy: 'sample' | 'latest' | 'refuse';
  queueLimit: number;
  confirm: boolean;
  configVersion: number;
}

interface Credentials {
  group: string;
}

const OUTPUTS = ['output.valid', 'output.invalid', 'output.statistics'] as const;

/** The rows of what is chosen. */
function showRows(): void {
  const shared = $('#node-input-shared').prop('checked') === true;
  const batch = $('#node-input-output').val() === 'batch';
  showRowsFor(`${shared ? 'shared' : 'alone'}-${batch ? 'batch' : 'single'}`);
}

RED.nodes.registerType<Properties, Credentials>('egiz-telemetry-in', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    broker: { value: '', type: 'egiz-broker', required: true },
    topic: {
      value: 'openegiz/+/+/+/+/telemetry',
      required: true,
      validate: (topic: string) => /^([^#$]+\/telemetry|\$\{.+\})$/.test(topic ?? ''),
    },
    shared: { value: false },
    output: { value: 'single', required: true },
    batchSize: { value: 500, required: true, validate: RED.validators.number() },
    batchMs: { value: 1_000, required: true, validate: RED.validators.number() },
    policy: { value: 'sample', required: true },
    queueLimit: { value: 5_000, required: true, validate: RED.validators.number() },
    confirm: { value: false },
    configVersion: { value: 1 },
  },
  credentials: {
    group: { type: 'password' },
  },
  inputs: 1,
  outputs: 3,
  icon: 'egiz-telemetry-in.svg',
  paletteLabel: 'telemetry in',
  outputLabels(index) {
    const key = OUTPUTS[index];
    return key === undefined ? undefined : this._(key);
  },
  label() {
    return this.name || this.topic || 'telemetry in';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
    $('#node-input-output').val(this.output);
    $('#node-input-policy').val(this.policy);
    $('#node-input-shared, #node-input-output').on('change', showRows);
    showRows();
  },
});
