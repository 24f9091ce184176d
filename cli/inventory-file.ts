import { readFileSync } from 'node:fs';
import { EgizError, toEgizError } from '../lib/errors/egiz-error';
import type { Inventory } from '../lib/inventory/inventory';
import { parseInventory } from '../lib/inventory/parse';

/** @throws EgizError `INVENTORY_UNREADABLE`, `INVENTORY_INVALID` */
export function readInventory(file: string): Inventory {
  return parseInventory(readText(file));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (fault) {
    throw new EgizError(
      'INVENTORY_UNREADABLE',
      `The inventory ${file} cannot be read: ${toEgizError(fault).message}`,
      {
        id: file,
        mend: 'Name an inventory file that exists and may be read.',
      },
    );
  }
}
