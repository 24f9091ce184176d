import type { Factory, Inventory, Tenant } from '../inventory/inventory';

/** A broker of several, with everything that belongs to it. */
export interface Shard {
  readonly name: string;
  /** The factories and tenants it serves, and every service. */
  readonly inventory: Inventory;
}

/** Which shard a factory (`factory:ID`) or the clients of a tenant (`tenant:ID`) belong to. */
export type Assignment = ReadonlyMap<string, string>;

export const shardName = (index: number) => `shard-${index + 1}`;

/**
 * Deals factories and tenants out to `count` shards. One that was dealt out before stays where it is, since its
 * sessions and queues are there; `labels: { shard: shard-2 }` in the inventory puts it elsewhere. A new one goes
 * where the fewest boards and clients are. Factory and tenant are apart: what they share is the service's matter.
 */
export function assignShards(
  inventory: Inventory,
  count: number,
  before: Assignment = new Map(),
): Map<string, string> {
  const names = Array.from({ length: count }, (_, index) => shardName(index));
  const load = new Map(names.map((name) => [name, 0]));
  const assignment = new Map<string, string>();
  const parts = partsOf(inventory);
  const place = (key: string, size: number, name: string) => {
    assignment.set(key, name);
    load.set(name, (load.get(name) ?? 0) + size);
  };
  const settled = (key: string, pinned: string | undefined) =>
    [pinned, before.get(key)].find((name) => name !== undefined && load.has(name));
  for (const { key, size, pinned } of parts) {
    const name = settled(key, pinned);
    if (name !== undefined) place(key, size, name);
  }
  // The largest first: small ones then fill the gaps.
  const open = parts.filter(({ key }) => !assignment.has(key)).sort((a, b) => b.size - a.size);
  for (const { key, size } of open) {
    const [lightest] = [...load].sort((a, b) => a[1] - b[1]);
    place(key, size, lightest?.[0] ?? shardName(0));
  }
  return assignment;
}

interface Part {
  readonly key: string;
  /** Accounts. */
  readonly size: number;
  readonly pinned: string | undefined;
}

const factoryKey = ({ id }: Factory) => `factory:${id}`;
const tenantKey = ({ id }: Tenant) => `tenant:${id}`;

function partsOf({ factories, tenants }: Inventory): Part[] {
  return [
    ...factories.map((factory) => ({
      key: factoryKey(factory),
      size: factory.equipment.reduce((sum, { devices }) => sum + devices.length, 0),
      pinned: factory.labels.shard,
    })),
    ...tenants.map((tenant) => ({
      key: tenantKey(tenant),
      size: tenant.clients.length,
      pinned: tenant.labels.shard,
    })),
  ];
}

/** The inventory of each shard: its own factories, its own tenants' clients, and all services. */
export function splitInventory(inventory: Inventory, assignment: Assignment, count: number): Shard[] {
  return Array.from({ length: count }, (_, index) => {
    const name = shardName(index);
    const isHere = (key: string) => assignment.get(key) === name;
    return {
      name,
      inventory: {
        ...inventory,
        factories: inventory.factories.filter((factory) => isHere(factoryKey(factory))),
        // A factory names its tenant, so all stay; only the clients are dealt out.
        tenants: inventory.tenants.map((tenant) =>
          isHere(tenantKey(tenant)) ? tenant : { ...tenant, clients: [] },
        ),
      },
    };
  });
}

/** The server names of an installation: clients keep theirs when a factory or tenant moves to another shard. */
export function serverNames(assignment: Assignment, domain: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const [key, shard] of assignment) {
    const [kind, id] = key.split(':');
    // Names differ by case in the inventory, and do not in the DNS.
    names.set(`${id}.${kind === 'factory' ? 'factories' : 'tenants'}.${domain}`.toLowerCase(), shard);
  }
  for (const shard of new Set(assignment.values())) names.set(`${shard}.${domain}`.toLowerCase(), shard);
  return names;
}

/** What the server certificate must name, so that it need not be changed with the inventory. */
export function certificateNames(domain: string): string[] {
  return [`*.factories.${domain}`, `*.tenants.${domain}`, `*.${domain}`];
}
