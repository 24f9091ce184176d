import { clientRights, type Right, rightsOf, roleRights } from '../acl/rights';
import type { Inventory } from '../inventory/inventory';
import type { Role } from './account';

/**
 * What an account may do: by the inventory when there is one; else a client's rights by its name
 * `TENANT.CLIENT`, a service's as the configuration service, a monitor's on $SYS. Undefined when none of it
 * fits and the rights must be given.
 */
export function knownRights(
  role: Role,
  name: string,
  inventory: Inventory | undefined,
): readonly Right[] | undefined {
  if (inventory !== undefined) return rightsOf(inventory).find(({ account }) => account === name)?.rights;
  if (role === 'service') return roleRights('config');
  if (role === 'monitor') return roleRights('monitoring');
  const dot = name.indexOf('.');
  if (dot < 1) return undefined;
  return clientRights({ tenantId: name.slice(0, dot), clientId: name.slice(dot + 1) });
}
