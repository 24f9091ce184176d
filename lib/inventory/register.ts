import type { Store } from '../store/store';
import { clientsOf, type Inventory } from './inventory';

/**
 * Makes the store know exactly the clients of the inventory: new ones are registered, missing ones retired.
 * What is stored of them stays.
 * @returns how many are registered and how many were retired
 */
export async function registerInventory(
  store: Store,
  inventory: Inventory,
): Promise<{ registered: number; retired: number }> {
  const clients = clientsOf(inventory);
  const listed = new Set(clients.map(({ account }) => account));
  return store.transaction(async (tx) => {
    const gone = (await tx.registeredClients()).filter(
      (ref) => !listed.has(`${ref.tenantId}.${ref.clientId}`),
    );
    for (const ref of gone) await tx.retireClient(ref);
    for (const { tenantId, clientId, client } of clients) {
      const { type, labels } = client;
      await tx.registerClient({ tenantId, clientId, type, labels, profile: 'clients' });
    }
    return { registered: clients.length, retired: gone.length };
  });
}
