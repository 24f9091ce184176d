/** What the dialogs of several nodes share. Runs in the browser. */
import type { EditorRED } from 'node-red';

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** Fills a select box, keeping `selected` even when it is no longer among the choices. */
export function fillSelect(select: JQuery, choices: readonly Choice[], selected: string): void {
  const known = choices.some(({ value }) => value === selected);
  const all = known || selected === '' ? choices : [...choices, { value: selected, label: selected }];
  select.empty().append(all.map(({ value, label }) => $('<option>').val(value).text(label)));
  select.val(selected === '' ? (all[0]?.value ?? '') : selected);
}

/** Shows exactly those rows of the dialog whose `data-egiz-when` lists `value`. */
export function showRowsFor(value: string): void {
  $('[data-egiz-when]').each(function () {
    const row = $(this);
    row.toggle(String(row.data('egiz-when')).split(' ').includes(value));
  });
}

/** True when `id` names a configuration node that is there. */
export function isConfigNode(RED: EditorRED, id: string): boolean {
  return RED.nodes.node(id) !== null;
}

/** The migration steps a dialog runs before it shows a node that an older version saved. */
export type Steps = readonly ((config: Record<string, unknown>) => Record<string, unknown>)[];

/**
 * Brings the open node to the current version, and with it the fields that the editor has filled already: left
 * empty they would be saved over it. The change is saved with the next edit.
 */
export function migrateOpenNode(node: object, steps: Steps): void {
  const saved = node as Record<string, unknown> & { _def?: { category?: string } };
  const from = typeof saved.configVersion === 'number' ? saved.configVersion : 0;
  if (from >= steps.length) return;
  // A member that was never saved is undefined here, and would hide the step's default.
  const config = Object.fromEntries(Object.entries(saved).filter(([, value]) => value !== undefined));
  const migrated = steps.slice(from).reduce((config, step) => step(config), config);
  const field = saved._def?.category === 'config' ? '#node-config-input-' : '#node-input-';
  for (const [name, value] of Object.entries({ ...migrated, configVersion: steps.length })) {
    if (saved[name] === value) continue;
    saved[name] = value;
    if (typeof value === 'boolean') $(`${field}${name}:checkbox`).prop('checked', value);
    else if (typeof value === 'number' || (typeof value === 'string' && value !== ''))
      $(`${field}${name}`).val(value);
  }
}
