import { readFile } from 'node:fs/promises';
import type { NodeAPI } from 'node-red';
import { describeDiff } from '../../lib/acl/diff';
import { generateAccess } from '../../lib/acl/generate';
import { type AppliedAccess, applyAccess } from '../../lib/broker/apply';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import type { Inventory } from '../../lib/inventory/inventory';
import { parseInventory } from '../../lib/inventory/parse';
import { isJsonObject } from '../../lib/json/json';
import { defineNode } from '../shell/define';
import { type FlowMessage, onInput } from '../shell/input';
import { statusOf } from '../shell/status';
import { type AclConfig, parseConfig } from './config';
import { migrations } from './migrations';

export = (RED: NodeAPI): void => {
  defineNode(RED, {
    type: 'egiz-acl-generate',
    migrations,
    build(node, saved) {
      const config = parseConfig(saved, RED.settings.userDir ?? process.cwd());
      const show = statusOf(node);
      show('grey', 'status.ready', 'ring');
      // One at a time: two generations would write the same files.
      let last: Promise<unknown> = Promise.resolve();

      onInput(node, async ({ msg, send }) => {
        const turn = last.then(() => run(config, msg));
        last = turn.catch(() => undefined);
        try {
          const changed = await turn;
          show('green', changed ? 'status.written' : config.dryRun ? 'status.compared' : 'status.unchanged');
        } catch (fault) {
          show('red', 'status.refused');
          throw fault;
        }
        send(msg);
      });
    },
  });
};

/** Puts the outcome into the message; true when files were written. */
async function run(config: AclConfig, msg: FlowMessage): Promise<boolean> {
  const inventory = parseInventory(await inventoryText(config, msg));
  const { accounts, diff, changed, reloaded, probed } = await bringInLine(config, inventory);
  msg.payload = { changed, reloaded, probed, accounts: accounts.length, ...diff, lines: describeDiff(diff) };
  return changed;
}

async function bringInLine(
  { files, broker, dryRun }: AclConfig,
  inventory: Inventory,
): Promise<AppliedAccess> {
  if (broker !== undefined && !dryRun) return applyAccess(inventory, files, broker);
  return { ...(await generateAccess(inventory, files, { dryRun })), reloaded: false, probed: false };
}

async function inventoryText(config: AclConfig, msg: FlowMessage): Promise<string> {
  if (config.inventoryFile !== undefined) return readInventoryFile(config.inventoryFile);
  const { payload } = msg;
  if (typeof payload === 'string') return payload;
  if (Buffer.isBuffer(payload)) return payload.toString('utf8');
  if (isJsonObject(payload)) return JSON.stringify(payload, null, 2);
  throw new EgizError('INVENTORY_MISSING', 'msg.payload holds no inventory', {
    mend: 'Send YAML or JSON text, or the object; or let the node read a file.',
  });
}

async function readInventoryFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (fault) {
    throw new EgizError(
      'INVENTORY_UNREADABLE',
      `The inventory cannot be read: ${toEgizError(fault).message}`,
      {
        id: file,
        mend: 'Name a file that exists and that Node-RED may read.',
      },
    );
  }
}
