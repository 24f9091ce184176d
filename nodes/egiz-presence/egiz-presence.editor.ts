import type { EditorNodeProperties, EditorRED } from 'node-red';
import { fillSelect, isConfigNode, migrateOpenNode } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface Properties extends EditorNodeProperties {
  broker: string;
  devices: 'boards' | 'clients' | 'all';
  telemetry: boolean;
  staleAfter: number;
  flapChanges: number;
  flapWindow: number;
  forgetAfter: number;
  contextStore: string;
  configVersion: number;
}

const OUTPUTS = ['output.change', 'output.flapping', 'output.answer'] as const;

/** Node-RED tells the editor which context stores the settings have. */
function contextStores(): string[] {
  const { context } = RED.settings as unknown as { context?: { stores?: string[] } };
  return context?.stores ?? [];
}

/** What the node subscribes to by itself is asked for only when it does. */
function showSubscription(): void {
  const broker = String($('#node-input-broker').val() ?? '');
  const subscribes = broker !== '' && broker !== '_ADD_';
  $('.egiz-when-subscribed').toggle(subscribes);
  $('.egiz-when-boards').toggle(subscribes && $('#node-input-devices').val() !== 'clients');
}

RED.nodes.registerType<Properties>('egiz-presence', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    broker: {
      value: '',
      type: 'egiz-broker',
      required: false,
      validate: (id) => id === '' || id === '_ADD_' || isConfigNode(RED, id),
    },
    devices: { value: 'boards', required: true },
    telemetry: { value: false },
    staleAfter: { value: 150, required: true, validate: RED.validators.number() },
    flapChanges: { value: 6, required: true, validate: RED.validators.number() },
    flapWindow: { value: 600, required: true, validate: RED.validators.number() },
    forgetAfter: { value: 7, required: true, validate: RED.validators.number() },
    contextStore: { value: '' },
    configVersion: { value: 1 },
  },
  inputs: 1,
  outputs: 3,
  icon: 'egiz-presence.svg',
  paletteLabel: 'presence',
  outputLabels(index) {
    const key = OUTPUTS[index];
    return key === undefined ? undefined : this._(key);
  },
  label() {
    return this.name || 'presence';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
    const stores = contextStores().map((name) => ({ value: name, label: name }));
    fillSelect(
      $('#node-input-contextStore'),
      [{ value: '', label: this._('store.memory') }, ...stores],
      this.contextStore,
    );
    $('#node-input-devices').val(this.devices);
    $('#node-input-broker, #node-input-devices').on('change', showSubscription);
    showSubscription();
  },
});
