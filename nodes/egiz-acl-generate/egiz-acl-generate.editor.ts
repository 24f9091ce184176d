import type { EditorNodeProperties, EditorRED } from 'node-red';
import { migrateOpenNode, showRowsFor } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  source: 'message' | 'file';
  inventoryFile: string;
  aclFile: string;
  passwordFile: string;
  passwordDirectory: string;
  guardFile: string;
  mode: 'write' | 'compare';
  pidFile: string;
  probeUrl: string;
  caFile: string;
  configVersion: number;
}

RED.nodes.registerType<Properties>('egiz-acl-generate', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    source: { value: 'message', required: true },
    inventoryFile: {
      value: '',
      validate(this: Properties, file: unknown) {
        return this.source !== 'file' || (typeof file === 'string' && file.trim() !== '');
      },
    },
    aclFile: { value: 'broker/acl', required: true },
    passwordFile: { value: 'broker/passwords', required: true },
    passwordDirectory: { value: 'broker/accounts', required: true },
    guardFile: { value: '' },
    mode: { value: 'write', required: true },
    pidFile: { value: '' },
    probeUrl: {
      value: '',
      validate: (url: unknown) => url === undefined || url === '' || /^mqtts?:\/\/\S+$/.test(String(url)),
    },
    caFile: { value: '' },
    configVersion: { value: 2 },
  },
  inputs: 1,
  outputs: 1,
  icon: 'egiz-acl-generate.svg',
  paletteLabel: 'acl generate',
  outputLabels() {
    return this._('output.diff');
  },
  label() {
    return this.name || 'acl generate';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
    $('#node-input-source')
      .val(this.source)
      .on('change', function () {
        showRowsFor(String($(this).val()));
      })
      .trigger('change');
    $('#node-input-mode').val(this.mode);
  },
});
