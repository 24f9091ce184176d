import type { EditorNodeProperties, EditorRED } from 'node-red';
import { isConfigNode, migrateOpenNode, showRowsFor } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  store: string;
  broker: string;
  delivery: 'broker' | 'message';
  rateLimit: number;
  outputs: number;
  configVersion: number;
}

const OUTPUTS = ['output.answer', 'output.problem', 'output.message'] as const;

RED.nodes.registerType<Properties>('egiz-config-publish', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    store: { value: '', type: 'egiz-store', required: true },
    delivery: { value: 'broker', required: true },
    broker: {
      value: '',
      type: 'egiz-broker',
      validate(id) {
        return this.delivery === 'message' || isConfigNode(RED, id);
      },
    },
    rateLimit: {
      value: 500,
      required: true,
      validate: (rate: unknown) => rate !== '' && Number(rate) >= 0,
    },
    outputs: { value: 2 },
    configVersion: { value: 1 },
  },
  inputs: 1,
  outputs: 2,
  icon: 'egiz-config-publish.svg',
  paletteLabel: 'config publish',
  outputLabels(index) {
    const key = OUTPUTS[index];
    return key === undefined ? undefined : this._(key);
  },
  label() {
    return this.name || 'config publish';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
    $('#node-input-delivery')
      .val(this.delivery)
      .on('change', function () {
        const delivery = String($(this).val());
        showRowsFor(delivery);
        // The editor takes the number of outputs from this field, and drops the wires of one that goes.
        $('#node-input-outputs').val(delivery === 'message' ? 3 : 2);
      })
      .trigger('change');
  },
});
