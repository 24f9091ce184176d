import type { Inventory } from '../inventory/inventory';
import { aclDecides } from './guard-conf';
import { type Listener, type MosquittoOptions, mosquittoConf, PREFERRED_PORTS } from './mosquitto-conf';
import { type BrokerLimits, brokerLimits } from './sizing';

/** The directories of a broker on a Debian host and in our image; the systemd units and the Dockerfile name the same. */
export const PRODUCTION = {
  /** What is generated: `acl`, `passwords`, `guard`. */
  configuration: '/etc/mosquitto/egiz',
  /** `ca` and `services-ca` as `.crt` and `.crl`, `server.crt` and `server.key`: as `openegiz pki` keeps them. */
  certificates: '/etc/mosquitto/egiz/certs',
  data: '/var/lib/mosquitto',
  log: '/var/log/mosquitto',
  run: '/run/mosquitto',
  plugin: '/usr/lib/mosquitto/egiz_guard.so',
} as const;

export interface ProductionOptions {
  readonly limits?: BrokerLimits;
  /** Of Mosquitto: `2.0.11`, `2.1.2`. */
  readonly version?: string;
  readonly accounts?: number;
}

/** Debian's. */
const DEFAULT_VERSION = '2.0.11';

export function productionOptions(options: ProductionOptions = {}): MosquittoOptions {
  const at = (name: string) => `${PRODUCTION.configuration}/${name}`;
  const certificate = (name: string) => `${PRODUCTION.certificates}/${name}`;
  const listeners: Listener[] = (
    ['password', 'client-certificate', 'service-certificate', 'local-tools'] as const
  ).map((login) => ({ login, port: PREFERRED_PORTS[login] }));
  return {
    listeners,
    caFile: certificate('ca.crt'),
    serviceCaFile: certificate('services-ca.crt'),
    crlFile: certificate('ca.crl'),
    serviceCrlFile: certificate('services-ca.crl'),
    certFile: certificate('server.crt'),
    keyFile: certificate('server.key'),
    aclFile: at('acl'),
    passwordFile: at('passwords'),
    persistenceDirectory: PRODUCTION.data,
    pidFile: `${PRODUCTION.run}/mosquitto.pid`,
    user: 'mosquitto',
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    guard: {
      pluginFile: PRODUCTION.plugin,
      guardFile: at('guard'),
      auditFile: `${PRODUCTION.log}/audit.jsonl`,
      aclDecides: aclDecides(options.version ?? DEFAULT_VERSION, options.accounts ?? 0),
    },
  };
}

/** broker/mosquitto.conf, sized for an inventory. */
export function productionConf(inventory: Inventory, accounts: number, version?: string): string {
  const limits = brokerLimits(inventory);
  return mosquittoConf(
    productionOptions({ limits, accounts, ...(version === undefined ? {} : { version }) }),
  );
}
