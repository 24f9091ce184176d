import type { EditorNodeProperties, EditorRED } from 'node-red';
import { migrateOpenNode, showRowsFor } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  url: string;
  tls: string;
  role: 'service' | 'client';
  account: string;
  instance: string;
  sessionExpirySeconds: number;
  keepalive: number;
  maxInFlight: number;
  configVersion: number;
}

interface Credentials {
  user: string;
  password: string;
}

RED.nodes.registerType<Properties, Credentials>('egiz-broker', {
  category: 'config',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    url: {
      value: 'mqtts://localhost:8885',
      required: true,
      validate: (url: string) => /^(mqtts?:\/\/[^\s/]+|\$\{.+\})$/.test(url),
    },
    tls: { value: '', type: 'tls-config', required: false },
    role: { value: 'service', required: true },
    account: { value: '' },
    instance: {
      value: '',
      validate: (instance: string) => /^[A-Za-z0-9_-]{0,23}$|^\$\{.+\}$/.test(instance ?? ''),
    },
    sessionExpirySeconds: { value: 86_400, required: true, validate: RED.validators.number() },
    keepalive: { value: 30, required: true, validate: RED.validators.number() },
    maxInFlight: { value: 100, required: true, validate: RED.validators.number() },
    configVersion: { value: 1 },
  },
  credentials: {
    user: { type: 'password' },
    password: { type: 'password' },
  },
  paletteLabel: 'broker',
  label() {
    return this.name || this.url || 'broker';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
    $('#node-config-input-role')
      .val(this.role)
      .on('change', function () {
        showRowsFor(String($(this).val()));
      })
      .trigger('change');
  },
});
