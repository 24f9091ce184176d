import { type ClientRef, clientAccount } from '../topics/clients';
import type { SensorRef } from '../topics/sensors';

/**
 * The inventory (SPEC 5): who there is. Accounts, rights, certificates and simulations are all generated from
 * it. Every identifier in it is valid and unique where it must be: `parseInventory` has seen to that.
 */
export interface Inventory {
  readonly tenants: readonly Tenant[];
  readonly factories: readonly Factory[];
  readonly services: readonly Service[];
}

/** How an account proves who it is: a password on 8883, or a certificate on 8884 (SPEC 3). */
export type AccountLogin = 'password' | 'certificate';

export type Labels = Readonly<Record<string, string>>;

export interface Limits {
  /** SEC-5: 1 to 1,000,000; the broker's default applies without it. */
  readonly messagesPerSecond?: number;
  /** Messages that may come at once above the rate. */
  readonly burst?: number;
}

/** What anything in the inventory may carry besides its identifiers. */
export interface Described {
  readonly labels: Labels;
}

export interface Tenant extends Described {
  readonly id: string;
  readonly clients: readonly Client[];
}

export interface Client extends Described {
  readonly id: string;
  /** Client type: names the schema of its settings, e.g. `opc-core-client`. */
  readonly type: string;
  readonly login: AccountLogin;
  readonly limits: Limits;
}

export interface Factory extends Described {
  readonly id: string;
  /** The tenant that owns it. */
  readonly tenant: string;
  readonly equipment: readonly Equipment[];
}

export interface Equipment extends Described {
  readonly id: string;
  /** A topic level, e.g. `oven`. */
  readonly type: string;
  readonly devices: readonly Device[];
}

export interface Device extends Described {
  /** Also its account, over all factories and tenants. */
  readonly id: string;
  /** Canonical sensor type: `environmental` also where the inventory says `ambient` (SPEC 2). */
  readonly sensor: string;
  readonly login: AccountLogin;
  readonly limits: Limits;
}

/** What a service is for, and so what it may do (PRD FR-3). */
export const SERVICE_ROLES = ['config', 'core', 'archive', 'ml', 'monitoring'] as const;
export type ServiceRole = (typeof SERVICE_ROLES)[number];

export interface Service extends Described {
  /** Also its account. */
  readonly id: string;
  readonly role: ServiceRole;
  /** Services log in with certificates (SPEC 3); a password is for tools on the broker's own machine. */
  readonly login: AccountLogin;
  /** Without them a service may send as much as it likes. */
  readonly limits: Limits;
}

/** A client with the tenant it belongs to. */
export interface InventoryClient extends ClientRef {
  readonly account: string;
  readonly client: Client;
}

/** A board with the place it serves. */
export interface InventoryDevice extends SensorRef {
  readonly account: string;
  readonly tenantId: string;
  readonly device: Device;
}

export function clientsOf(inventory: Inventory): InventoryClient[] {
  return inventory.tenants.flatMap(({ id: tenantId, clients }) =>
    clients.map((client) => {
      const ref = { tenantId, clientId: client.id };
      return { ...ref, account: clientAccount(ref), client };
    }),
  );
}

export function devicesOf(inventory: Inventory): InventoryDevice[] {
  return inventory.factories.flatMap((factory) =>
    factory.equipment.flatMap((equipment) =>
      equipment.devices.map((device) => ({
        account: device.id,
        tenantId: factory.tenant,
        factoryId: factory.id,
        equipmentType: equipment.type,
        equipmentId: equipment.id,
        sensorType: device.sensor,
        device,
      })),
    ),
  );
}
