import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeDiff } from '../../lib/acl/diff';
import { type AccessFiles, generateAccess, passwordAccounts } from '../../lib/acl/generate';
import { rightsOf } from '../../lib/acl/rights';
import { aclDecides } from '../../lib/broker/guard-conf';
import { mosquittoConf } from '../../lib/broker/mosquitto-conf';
import { brokerLimits } from '../../lib/broker/sizing';
import { SECRET_MODE, writeFileAtomic } from '../../lib/files/atomic';
import type { Inventory } from '../../lib/inventory/inventory';
import { shardArchiveConf } from '../../lib/scale/archive';
import { emqxAcl, emqxConf, emqxUsers } from '../../lib/scale/emqx';
import { haproxyConf, renderNames, SHARD_LOGINS, type ShardAddress } from '../../lib/scale/haproxy';
import {
  assignShards,
  certificateNames,
  type Shard,
  serverNames,
  splitInventory,
} from '../../lib/scale/shards';
import { accessFiles } from '../commands/acl';
import {
  addressOf,
  assignmentFile,
  assignmentText,
  portsFrom,
  readAssignment,
  type ScaleOptions,
} from './layout';

export interface ScaledShard {
  readonly name: string;
  readonly factories: readonly string[];
  readonly tenants: readonly string[];
  readonly accounts: number;
  readonly confFile: string;
  /** One line a change of accounts and rights. */
  readonly changes: readonly string[];
}

export interface Scaled {
  readonly shards: readonly ScaledShard[];
  readonly haproxyFile: string;
  /** For the server certificate. */
  readonly certificateNames: readonly string[];
}

/** Open sockets of one client: its own and the proxy's to the broker. */
const SPARE_CONNECTIONS = 2_000;

/** Writes brokers, proxy and archives of an inventory that is dealt out to several brokers. */
export async function writeShards(inventory: Inventory, options: ScaleOptions): Promise<Scaled> {
  const { directory, shards: count, domain } = options;
  const assignment = assignShards(inventory, count, readAssignment(directory));
  const shards = splitInventory(inventory, assignment, count);
  const addresses = shards.map(({ name }, index) => addressOf(options, name, index));
  const written: ScaledShard[] = [];
  for (const [index, shard] of shards.entries()) {
    written.push(await writeShard(shard, addresses[index] ?? addressOf(options, shard.name, index), options));
  }
  const mapFile = join(directory, 'names.map');
  const haproxyFile = join(directory, 'haproxy.cfg');
  writeFileAtomic(mapFile, renderNames(serverNames(assignment, domain)));
  const proxy = {
    shards: addresses,
    ports: portsFrom(options.port),
    mapFile,
    caFile: join(options.certificates, 'ca.crt'),
    maxConnections: rightsOf(inventory).length + SPARE_CONNECTIONS,
  };
  writeFileAtomic(haproxyFile, haproxyConf(proxy));
  writeFileAtomic(assignmentFile(directory), assignmentText(assignment));
  return { shards: written, haproxyFile, certificateNames: certificateNames(domain) };
}

async function writeShard(shard: Shard, address: ShardAddress, options: ScaleOptions): Promise<ScaledShard> {
  const { name, inventory } = shard;
  const directory = join(options.directory, name);
  // One password an account, wherever its factory is dealt to.
  const files = { ...accessFiles(directory), passwordDirectory: join(options.directory, 'accounts') };
  const { diff, accounts } = await generateAccess(inventory, files);
  for (const part of ['data', 'log']) mkdirSync(join(directory, part), { recursive: true, mode: 0o700 });
  const confFile = join(directory, 'mosquitto.conf');
  writeFileAtomic(confFile, brokerConf(directory, files, shard, address, accounts.length, options));
  writeFileAtomic(join(directory, 'inventory.json'), `${JSON.stringify(inventory, null, 2)}\n`, SECRET_MODE);
  for (const { id } of inventory.services.filter(({ role }) => role === 'archive')) {
    const conf = shardArchiveConf({
      account: id,
      url: `ssl://${name}.${options.domain}:${portsFrom(options.port)['service-certificate']}`,
      inventory,
      caFile: join(options.certificates, 'ca.crt'),
      certFile: join(options.certificates, `${id}.crt`),
      keyFile: join(options.certificates, `${id}.key`),
    });
    writeFileAtomic(join(directory, `${id}.conf`), conf);
  }
  return {
    name,
    factories: inventory.factories.map(({ id }) => id),
    tenants: inventory.tenants.filter(({ clients }) => clients.length > 0).map(({ id }) => id),
    accounts: accounts.length,
    confFile,
    changes: describeDiff(diff),
  };
}

function brokerConf(
  directory: string,
  files: AccessFiles,
  { inventory }: Shard,
  { address, ports }: ShardAddress,
  accounts: number,
  { certificates, plugin, user, mosquitto }: ScaleOptions,
): string {
  const guard =
    plugin === undefined
      ? {}
      : {
          guard: {
            pluginFile: plugin,
            guardFile: files.guardFile ?? join(directory, 'guard'),
            auditFile: join(directory, 'log', 'audit.jsonl'),
            aclDecides: aclDecides(mosquitto, accounts),
          },
        };
  return mosquittoConf({
    listeners: SHARD_LOGINS.map((login) => ({ login, port: ports[login] })),
    bindAddress: address,
    caFile: join(certificates, 'ca.crt'),
    serviceCaFile: join(certificates, 'services-ca.crt'),
    ...listsIn(certificates),
    certFile: join(certificates, 'server.crt'),
    keyFile: join(certificates, 'server.key'),
    ...files,
    persistenceDirectory: join(directory, 'data'),
    pidFile: join(directory, 'mosquitto.pid'),
    user,
    limits: brokerLimits(inventory),
    ...guard,
  });
}

/** Revocation lists are there from `openegiz pki`; other authorities may have none. */
function listsIn(certificates: string): { readonly crlFile?: string; readonly serviceCrlFile?: string } {
  const crlFile = join(certificates, 'ca.crl');
  const serviceCrlFile = join(certificates, 'services-ca.crl');
  return {
    ...(existsSync(crlFile) ? { crlFile } : {}),
    ...(existsSync(serviceCrlFile) ? { serviceCrlFile } : {}),
  };
}

/** The whole inventory for one EMQX cluster, with the passwords of `accounts/`. */
export async function writeEmqx(inventory: Inventory, directory: string): Promise<string> {
  const target = join(directory, 'emqx');
  const passwordDirectory = join(directory, 'accounts');
  const names = passwordAccounts(inventory);
  const passwords = names.map(
    (account) => [account, readFileSync(join(passwordDirectory, account), 'utf8').trim()] as const,
  );
  const options = { directory: '/opt/emqx/etc/openegiz', limits: brokerLimits(inventory) };
  writeFileAtomic(join(target, 'emqx.conf'), emqxConf(options));
  writeFileAtomic(join(target, 'acl.conf'), emqxAcl(rightsOf(inventory)));
  writeFileAtomic(join(target, 'users.json'), await emqxUsers(new Map(passwords)), SECRET_MODE);
  return target;
}
