import type { ClientRegistration, Store } from '../store/store';
import { sensorAddress } from '../topics/sensors';
import {
  clientsOf,
  devicesOf,
  type Inventory,
  type InventoryClient,
  type InventoryDevice,
} from './inventory';

/** The client type of every board, and the name its firmware gives its configuration's schema. */
export const BOARD_TYPE = 'esp32-sensor';

/**
 * Makes the store know exactly the clients and boards of the inventory: new ones are registered, missing ones retired.
 * What is stored of them stays.
 * @returns how many are registered and how many were retired
 */
export async function registerInventory(
  store: Store,
  inventory: Inventory,
): Promise<{ registered: number; retired: number }> {
  const clients = [
    ...clientsOf(inventory).map(registrationOfClient),
    ...devicesOf(inventory).map(registrationOfBoard),
  ];
  const listed = new Set(clients.map(({ tenantId, clientId }) => `${tenantId}.${clientId}`));
  return store.transaction(async (tx) => {
    const gone = (await tx.registeredClients()).filter(
      (ref) => !listed.has(`${ref.tenantId}.${ref.clientId}`),
    );
    for (const ref of gone) await tx.retireClient(ref);
    for (const client of clients) await tx.registerClient(client);
    return { registered: clients.length, retired: gone.length };
  });
}

function registrationOfClient({ tenantId, clientId, client }: InventoryClient): ClientRegistration {
  const { type, labels } = client;
  return { tenantId, clientId, type, labels, profile: 'clients', address: '' };
}

/** What the inventory says of its place becomes labels, by which a person finds it; its own labels win. */
function registrationOfBoard(board: InventoryDevice): ClientRegistration {
  const { tenantId, device, factoryId, equipmentId, sensorType } = board;
  return {
    tenantId,
    clientId: device.id,
    type: BOARD_TYPE,
    profile: 'sensors',
    address: sensorAddress(board),
    labels: { factory: factoryId, equipment: equipmentId, sensor: sensorType, ...device.labels },
  };
}
