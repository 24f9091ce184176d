import type { EditorNodeProperties, EditorRED } from 'node-red';
import { migrateOpenNode } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  broker: string;
  tenant: string;
  client: string;
  validate: boolean;
  schemaDir: string;
  dataDir: string;
  confirmSeconds: number;
  configVersion: number;
}

/** Empty, an identifier of at most `length` characters, or a variable of the environment. */
const identifier = (length: number) => (value: string) =>
  new RegExp(`^$|^[A-Za-z0-9][A-Za-z0-9_-]{0,${length - 1}}$|^\\$\\{.+\\}$`).test(value ?? '');

RED.nodes.registerType<Properties>('egiz-config-in', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    broker: { value: '', type: 'egiz-broker', required: true },
    tenant: { value: '', validate: identifier(24) },
    client: { value: '', validate: identifier(39) },
    validate: { value: true },
    schemaDir: { value: '' },
    dataDir: { value: '' },
    confirmSeconds: { value: 60, required: true, validate: RED.validators.number() },
    configVersion: { value: 1 },
  },
  inputs: 0,
  outputs: 1,
  icon: 'egiz-config-in.svg',
  paletteLabel: 'config in',
  outputLabels() {
    return this._('output.configuration');
  },
  label() {
    const client = this.tenant && this.client ? `${this.tenant}.${this.client}` : '';
    return this.name || client || 'config in';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
    $('#node-input-validate')
      .on('change', function () {
        $('.egiz-schema-row').toggle($(this).is(':checked'));
      })
      .trigger('change');
  },
});
