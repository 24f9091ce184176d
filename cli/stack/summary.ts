import { clientsOf, devicesOf, type Inventory } from '../../lib/inventory/inventory';
import { CONFIG_EXAMPLES } from './examples';
import type { BoardChoice } from './options';
import type { ArchiveEntry, Ready } from './ready';

/** How many of the inventory's clients and boards this start plays. */
export interface Played {
  readonly clients: number;
  readonly boards: Required<BoardChoice>;
}

/** What a person reads at the end of a start: where things are, and the line that shows the loop. */
export function summaryLines(ready: Ready, inventory: Inventory, played: Played): string[] {
  const editor = ready.logins.editor;
  return [
    'OpenEgiz Edge is up. Ctrl-C stops everything.',
    '',
    `  REST API    ${ready.apiUrl}/api/v1`,
    `  Editor      ${ready.editorUrl}   (${editor?.username}, password in ${editor?.passwordFile})`,
    ...(ready.dashboardUrl === undefined ? [] : [dashboardLine(ready, ready.dashboardUrl)]),
    `  Broker      ${ready.mqtt.url}   (CA in ${ready.mqtt.caFile})`,
    ...(ready.metricsUrl === undefined ? [] : [`  Metrics     ${ready.metricsUrl}`]),
    ...(ready.influx === undefined ? [] : [archiveLine(ready.influx)]),
    ...tokenLines(ready),
    `  Clients     ${played.clients} of ${clientsOf(inventory).length} simulated`,
    ...boardsLine(inventory, played.boards),
    ...firstPush(ready, inventory, played.clients),
  ];
}

function archiveLine({ url, org, bucket, tokenFile }: ArchiveEntry): string {
  return `  Archive     ${url}   (organisation ${org}, bucket ${bucket}, token in ${tokenFile})`;
}

function boardsLine(inventory: Inventory, { kind, count }: Played['boards']): string[] {
  const all = devicesOf(inventory).length;
  if (all === 0) return [];
  const hint = kind === 'virtual' ? '' : ' (openegiz start --boards virtual runs the firmware for them)';
  return [`  Boards      ${count} of ${all} ${kind}${hint}`];
}

/** Of a hundred tenants the first few tell enough: the files lie together. */
const SHOWN_TOKENS = 4;

function tokenLines({ tokens }: Ready): string[] {
  const names = Object.entries(tokens);
  const shown = names.slice(0, SHOWN_TOKENS).map(([name, file]) => `  Token       ${name} in ${file}`);
  const rest = names.length - shown.length;
  return rest === 0 ? shown : [...shown, `              and ${rest} more beside them`];
}

function dashboardLine(ready: Ready, url: string): string {
  const logins = Object.entries(ready.logins).filter(([name]) => name.startsWith('dashboard:'));
  const list = logins.map(([, { username, passwordFile }]) => `${username}, password in ${passwordFile}`);
  return `  Dashboard   ${url}   (${list.join('; ')})`;
}

/** The `curl` line that pushes a configuration to the first simulated client, and the one that shows its state. */
function firstPush(ready: Ready, inventory: Inventory, simulated: number): string[] {
  const example = clientsOf(inventory)
    .slice(0, simulated)
    .map(({ tenantId, clientId, client }) => ({
      tenantId,
      clientId,
      settings: CONFIG_EXAMPLES.get(client.type),
    }))
    .find(({ settings }) => settings !== undefined);
  if (example === undefined) return [];
  const { tenantId, clientId, settings } = example;
  const tls = ready.apiUrl.startsWith('https:') ? ` --cacert ${quote(ready.mqtt.caFile)}` : '';
  const token = `-H "Authorization: Bearer $(cat ${quote(ready.tokens[`${tenantId}:admin`] ?? '')})"`;
  const url = `${ready.apiUrl}/api/v1/clients/${clientId}`;
  const body = JSON.stringify({ version: '1.0.0', settings });
  return [
    '',
    `Push a configuration to ${clientId} of ${tenantId}:`,
    `  curl -sS${tls} ${token} -H 'Content-Type: application/json' -d ${quote(body)} ${url}/config`,
    'See it applied:',
    `  curl -sS${tls} ${token} ${url}`,
  ];
}

/** One word for a shell, quoted only when it must be. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
