import type { EditorNodeProperties, EditorRED } from 'node-red';
import { BUILT_IN_NAMES } from '../../lib/schemas/names';
import { type Choice, fillSelect, migrateOpenNode, showRowsFor } from '../editor/editor';
import { migrations } from './migrations';

declare const RED: EditorRED;

interface NamedText {
  name: string;
  text: string;
}

interface Rule {
  filter: string;
  schema: string;
}

interface Properties extends EditorNodeProperties {
  source: 'automatic' | 'one' | 'topic';
  schema: string;
  schemas: NamedText[];
  rules: Rule[];
  unmatched: 'invalid' | 'valid';
  property: string;
  configVersion: number;
}

const NEW_SCHEMA = '{\n  "$schema": "https://json-schema.org/draft/2020-12/schema",\n  "type": "object"\n}';

const schemaList = () => $('#node-input-schemas-container');
const ruleList = () => $('#node-input-rules-container');

function pasted(): NamedText[] {
  return schemaList()
    .editableList('items')
    .toArray()
    .map((item) => ({
      name: String($(item).find('.egiz-schema-name').val() ?? '').trim(),
      text: String($(item).find('.egiz-schema-text').typedInput('value')),
    }));
}

function schemaChoices(): Choice[] {
  const own = pasted().map(({ name }) => name);
  return [...new Set([...own, ...BUILT_IN_NAMES])]
    .filter((name) => name !== '')
    .map((name) => ({ value: name, label: name }));
}

function refreshChoices(): void {
  $('#node-input-schema, .egiz-rule-schema').each(function () {
    fillSelect($(this), schemaChoices(), String($(this).val() ?? ''));
  });
}

function schemaRow(row: JQuery, entry: Partial<NamedText>, translate: (key: string) => string): void {
  const name = $('<input type="text" class="egiz-schema-name" style="width: 40%">')
    .attr('placeholder', translate('label.schemaName'))
    .val(entry.name ?? '')
    .on('change', refreshChoices);
  const text = $('<input type="text" class="egiz-schema-text" style="width: 55%; margin-left: 4px">').val(
    entry.text ?? NEW_SCHEMA,
  );
  row.append(name, text);
  text.typedInput({ default: 'json', types: ['json'] });
}

function ruleRow(row: JQuery, rule: Partial<Rule>, translate: (key: string) => string): void {
  const filter = $('<input type="text" class="egiz-rule-filter" style="width: 52%">')
    .attr('placeholder', translate('label.filter'))
    .val(rule.filter ?? '');
  const schema = $('<select class="egiz-rule-schema" style="width: 43%; margin-left: 4px">');
  row.append(filter, schema);
  fillSelect(schema, schemaChoices(), rule.schema ?? '');
}

function isComplete(schema: NamedText): boolean {
  try {
    JSON.parse(schema.text);
    return schema.name !== '';
  } catch {
    return false;
  }
}

RED.nodes.registerType<Properties>('egiz-payload-validate', {
  category: 'OpenEgiz',
  color: '#B7DCD6',
  defaults: {
    name: { value: '' },
    source: { value: 'automatic', required: true },
    schema: { value: '' },
    schemas: {
      value: [],
      validate: (schemas: unknown) => Array.isArray(schemas) && schemas.every(isComplete),
    },
    rules: { value: [] },
    unmatched: { value: 'invalid' },
    property: { value: 'payload', required: true },
    configVersion: { value: 1 },
  },
  inputs: 1,
  outputs: 2,
  icon: 'egiz-payload-validate.svg',
  paletteLabel: 'payload validate',
  outputLabels(index) {
    return this._(index === 0 ? 'output.valid' : 'output.invalid');
  },
  label() {
    return this.name || (this.source === 'one' && this.schema ? this.schema : 'payload validate');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    migrateOpenNode(this, migrations);
    const translate = (key: string) => this._(key);
    schemaList()
      .css({ 'min-height': '80px' })
      .editableList<Partial<NamedText>>({
        addItem: (row, _index, entry) => schemaRow(row, entry, translate),
        removeItem: refreshChoices,
        removable: true,
        sortable: true,
      });
    schemaList().editableList('addItems', this.schemas);
    ruleList()
      .css({ 'min-height': '80px' })
      .editableList<Partial<Rule>>({
        addItem: (row, _index, rule) => ruleRow(row, rule, translate),
        removable: true,
        sortable: true,
      });
    ruleList().editableList('addItems', this.rules);
    fillSelect($('#node-input-schema'), schemaChoices(), this.schema);
    $('#node-input-property').typedInput({ default: 'msg', types: ['msg'] });
    $('#node-input-source')
      .val(this.source)
      .on('change', function () {
        showRowsFor(String($(this).val()));
      })
      .trigger('change');
  },
  oneditsave() {
    this.schemas = pasted();
    this.rules = ruleList()
      .editableList('items')
      .toArray()
      .map((item) => ({
        filter: String($(item).find('.egiz-rule-filter').val() ?? '').trim(),
        schema: String($(item).find('.egiz-rule-schema').val() ?? ''),
      }));
  },
});
