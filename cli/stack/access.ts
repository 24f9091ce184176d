import { join } from 'node:path';
import { type AccessFiles, type GeneratedAccess, generateAccess } from '../../lib/acl/generate';
import { EgizError } from '../../lib/errors/egiz-error';
import {
  clientsOf,
  devicesOf,
  type Inventory,
  type Service,
  type ServiceRole,
} from '../../lib/inventory/inventory';
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
  /** Those of Node-RED itself. */
  readonly own: OwnAccounts;
}

/** The roles in which Node-RED's flows log in, each with a certificate. */
const OWN_ROLES = ['config', 'core', 'monitoring'] as const satisfies readonly ServiceRole[];
type OwnRole = (typeof OWN_ROLES)[number];

interface OwnAccount extends KeyPairFiles {
  readonly account: string;
}
export type OwnAccounts = Readonly<Record<OwnRole, OwnAccount>>;

/** The inventory with a service for each role that Node-RED needs, and those that were not there before. */
export function withOwnServices(inventory: Inventory): {
  readonly inventory: Inventory;
  readonly added: readonly Service[];
} {
  const added: Service[] = [];
  for (const role of OWN_ROLES) {
    if (ownService(inventory, role) !== undefined) continue;
    added.push({ id: freeId(inventory, `egiz-${role}`), role, login: 'certificate', limits: {}, labels: {} });
  }
  return { inventory: { ...inventory, services: [...inventory.services, ...added] }, added };
}

function ownService({ services }: Inventory, wanted: OwnRole): Service | undefined {
  return services.find(({ role, login }) => role === wanted && login === 'certificate');
}

function freeId(inventory: Inventory, wanted: string): string {
  const taken = new Set(
    [...inventory.services, ...devicesOf(inventory).map(({ device }) => device)].map(({ id }) => id),
  );
  let id = wanted;
  for (let number = 2; taken.has(id); number++) id = `${wanted}-${number}`;
  return id;
}

/**
 * Accounts, rights, passwords and certificates of everybody in the inventory, by the same code as the node.
 * @param inventory with the services that Node-RED needs
 */
export async function prepareAccess(
  inventory: Inventory,
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
  return { pki, files, generated, accounts, own: ownAccounts(inventory, pki) };
}

function ownAccounts(inventory: Inventory, { services }: DevelopmentPki): OwnAccounts {
  const own = (role: OwnRole): OwnAccount => {
    const account = ownService(inventory, role)?.id ?? '';
    const pair = services.get(account);
    if (pair === undefined) throw new EgizError('PKI_INCOMPLETE', `No certificate for the role ${role}`);
    return { account, ...pair };
  };
  return { config: own('config'), core: own('core'), monitoring: own('monitoring') };
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
