import { join } from 'node:path';
import { type AccessFiles, type GeneratedAccess, generateAccess } from '../../lib/acl/generate';
import { EgizError } from '../../lib/errors/egiz-error';
import { clientsOf, devicesOf, type Inventory, type Service } from '../../lib/inventory/inventory';
import { type DevelopmentPki, developmentPki } from '../../lib/pki/directory';
import { holdersOf } from '../../lib/pki/enrol';
import type { KeyPairFiles } from '../../lib/pki/pair-files';
import { accessFiles } from '../commands/acl';
import type { HomePaths } from './home';
import { LOOPBACK, type Ports } from './ports';

/** How to log in as one account (SPEC 6, `accounts` of ready.json). */
export type AccountLogin =
  | { readonly url: string; readonly username: string; readonly passwordFile: string }
  | { readonly url: string; readonly username: string; readonly certFile: string; readonly keyFile: string };

export interface PreparedAccess {
  readonly pki: DevelopmentPki;
  readonly files: AccessFiles;
  readonly generated: GeneratedAccess;
  readonly accounts: ReadonlyMap<string, AccountLogin>;
  /** The configuration service's own account. */
  readonly serviceAccount: string;
  readonly serviceFiles: KeyPairFiles;
}

/** The inventory with an account for the configuration service, and that account's name if it was added. */
export function withConfigService(inventory: Inventory): {
  readonly inventory: Inventory;
  readonly account: string;
  readonly added: boolean;
} {
  const present = inventory.services.find(({ role }) => role === 'config');
  if (present !== undefined) return { inventory, account: present.id, added: false };
  const taken = new Set(
    [...inventory.services, ...devicesOf(inventory).map(({ device }) => device)].map(({ id }) => id),
  );
  let account = 'egiz-config';
  for (let number = 2; taken.has(account); number++) account = `egiz-config-${number}`;
  const service: Service = { id: account, role: 'config', login: 'certificate', limits: {}, labels: {} };
  return { inventory: { ...inventory, services: [...inventory.services, service] }, account, added: true };
}

/** Accounts, rights, passwords and certificates of everybody in the inventory, by the same code as the node. */
export async function prepareAccess(
  inventory: Inventory,
  serviceAccount: string,
  paths: HomePaths,
  ports: Ports,
): Promise<PreparedAccess> {
  const files = accessFiles(paths.brokerDirectory);
  const generated = await generateAccess(inventory, files);
  const logins = loginsOf(inventory);
  const pki = await pkiOf(inventory, paths.pkiDirectory);
  const accounts = new Map<string, AccountLogin>();
  for (const { account, login } of logins) {
    const files_ = pki.clients.get(account);
    accounts.set(
      account,
      login === 'certificate' && files_ !== undefined
        ? { url: urlOf(ports.mqttsClients), username: account, ...files_ }
        : {
            url: urlOf(ports.mqtts),
            username: account,
            passwordFile: join(files.passwordDirectory, account),
          },
    );
  }
  for (const [account, files_] of pki.services) {
    accounts.set(account, { url: urlOf(ports.mqttsServices), username: account, ...files_ });
  }
  const serviceFiles = pki.services.get(serviceAccount);
  if (serviceFiles === undefined)
    throw new EgizError('PKI_INCOMPLETE', `No certificate for ${serviceAccount}`);
  return { pki, files, generated, accounts, serviceAccount, serviceFiles };
}

/** Certificates of everybody in the inventory who logs in with one, and of the server. */
export function pkiOf(inventory: Inventory, directory: string): Promise<DevelopmentPki> {
  const accounts = (kind: 'client' | 'service') =>
    holdersOf(inventory)
      .filter((holder) => holder.kind === kind)
      .map(({ account }) => account);
  return developmentPki(directory, { clients: accounts('client'), services: accounts('service') });
}

function loginsOf(inventory: Inventory) {
  return [
    ...clientsOf(inventory).map(({ account, client: { login } }) => ({ account, login })),
    ...devicesOf(inventory).map(({ account, device: { login } }) => ({ account, login })),
    ...inventory.services
      .filter(({ login }) => login === 'password')
      .map(({ id, login }) => ({ account: id, login })),
  ];
}

function urlOf(port: number): string {
  return `mqtts://${LOOPBACK}:${port}`;
}
