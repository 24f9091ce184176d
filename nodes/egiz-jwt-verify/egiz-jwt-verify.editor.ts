import type { EditorNodeProperties, EditorRED } from 'node-red';
import { migrateOpenNode } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  issuer: string;
  audience: string;
  keys: string;
  tenantClaim: string;
  scope: string;
  configVersion: number;
}

RED.nodes.registerType<Properties>('egiz-jwt-verify', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    issuer: { value: '${EGIZ_JWT_ISSUER}', required: true },
    audience: { value: '${EGIZ_JWT_AUDIENCE}', required: true },
    keys: { value: '${EGIZ_JWKS}', required: true },
    tenantClaim: { value: 'tenant', required: true },
    scope: { value: '' },
    configVersion: { value: 1 },
  },
  inputs: 1,
  outputs: 2,
  icon: 'egiz-jwt-verify.svg',
  paletteLabel: 'jwt verify',
  outputLabels(index) {
    return this._(index === 0 ? 'output.accepted' : 'output.refused');
  },
  label() {
    return this.name || (this.scope ? `jwt: ${this.scope}` : 'jwt verify');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
  },
});
