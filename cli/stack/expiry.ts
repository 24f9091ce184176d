import { signalReload } from '../../lib/broker/process';
import { clientsOf, devicesOf, type Inventory } from '../../lib/inventory/inventory';
import { expiryWarning, listCertificates } from '../../lib/pki/listing';
import { CertificateRegister } from '../../lib/pki/register';
import { crlDaysLeft, writeRevocationLists } from '../../lib/pki/revocation';
import type { View } from './view';

/** SEC-7: told this long before. */
const WARN_DAYS = 30;
/** Long before a list runs out and the broker refuses everybody. */
const CRL_REFRESH_DAYS = 90;

/** Says in one line what expires soon, of those who are in the inventory. */
export function warnOfExpiry(directory: string, inventory: Inventory, view: View, now = new Date()): void {
  const present = new Set([
    ...[...clientsOf(inventory), ...devicesOf(inventory)].map(({ account }) => account),
    ...inventory.services.map(({ id }) => id),
  ]);
  const listed = listCertificates(directory, new CertificateRegister(directory), now);
  const concerned = listed.filter(
    ({ kind, name }) => (kind !== 'client' && kind !== 'service') || present.has(name),
  );
  const warning = expiryWarning(concerned, WARN_DAYS);
  if (warning !== undefined) view.say(warning, 'warning');
}

/** For a start that is up for months. */
export async function refreshRevocationLists(
  directory: string,
  pidFile: string,
  now = new Date(),
): Promise<void> {
  if (crlDaysLeft(directory, now) > CRL_REFRESH_DAYS) return;
  await writeRevocationLists(directory, new CertificateRegister(directory), { now });
  signalReload(pidFile);
}
