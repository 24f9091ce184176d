import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { checkOptions } from '../../cli/broker-check-options';
import { accessFiles } from '../../cli/commands/acl';
import { type AccessFiles, generateAccess } from '../../lib/acl/generate';
import { type AccountRights, rightsOf } from '../../lib/acl/rights';
import type { GuardPlugin } from '../../lib/broker/guard-conf';
import { mosquittoConf } from '../../lib/broker/mosquitto-conf';
import type { BrokerLimits } from '../../lib/broker/sizing';
import type { Outcome, Result } from '../../lib/conformance/requirement';
import { REQUIREMENTS } from '../../lib/conformance/requirements';
import { checkBroker } from '../../lib/conformance/run';
import { parseInventory } from '../../lib/inventory/parse';
import { type DevelopmentPki, developmentPki } from '../../lib/pki/directory';
import { pairFiles } from '../../lib/pki/pair-files';
import { CertificateRegister } from '../../lib/pki/register';
import { revoke, writeRevocationLists } from '../../lib/pki/revocation';
import { delay, runMosquitto, type TestBroker } from './mosquitto';
import { freePort } from './ports';
import { RunningCommand } from './running-stack';

/** Two clients, one with a password and one with a certificate, one whose certificate is revoked, two services. */
export const INVENTORY = `
tenants:
  - id: check
    clients:
      - { id: first, type: opc-core-client }
      - { id: second, type: opc-core-client, login: certificate }
      - { id: revoked, type: opc-core-client, login: certificate }
services:
  - { id: egiz-config, role: config }
  - { id: watch, role: monitoring }
`;

export const QUEUE_LIMIT = 100;

/** Accounts, certificates and rights of the inventory, and ports for whatever broker is checked. */
export interface Premises {
  readonly directory: string;
  readonly files: AccessFiles;
  readonly pki: DevelopmentPki;
  readonly pkiDirectory: string;
  readonly rights: readonly AccountRights[];
  readonly ports: { readonly password: number; readonly clients: number; readonly services: number };
}

export async function makePremises(): Promise<Premises> {
  const directory = mkdtempSync(join(tmpdir(), 'egiz-conformance-'));
  const inventory = parseInventory(INVENTORY);
  const files = accessFiles(directory);
  mkdirSync(files.passwordDirectory, { mode: 0o700 });
  await generateAccess(inventory, files);
  const pkiDirectory = join(directory, 'pki');
  const pki = await developmentPki(pkiDirectory, {
    clients: ['check.second', 'check.revoked'],
    services: ['egiz-config', 'watch'],
  });
  const register = new CertificateRegister(pkiDirectory);
  revoke(register, 'check.revoked', 'unspecified', new Date());
  await writeRevocationLists(pkiDirectory, register, { now: new Date() });
  const ports = { password: await freePort(), clients: await freePort(), services: await freePort() };
  return { directory, files, pki, pkiDirectory, rights: rightsOf(inventory), ports };
}

/** `openegiz broker check` with every flag that these premises can fill. */
export function checkArguments({ files, pki, pkiDirectory, ports }: Premises): string[] {
  const url = (port: number) => `mqtts://127.0.0.1:${port}`;
  const pair = (prefix: string, directory: string, account: string) => {
    const { certFile, keyFile } = pairFiles(join(pkiDirectory, directory), account);
    return [`--${prefix}cert`, certFile, `--${prefix}key`, keyFile];
  };
  return [
    ...['broker', 'check', '--json', '--url', url(ports.password), '--ca', pki.caFile],
    ...['--account', 'check.first', '--password-file', join(files.passwordDirectory, 'check.first')],
    ...['--second-account', 'check.second', '--second-url', url(ports.clients)],
    ...pair('second-', 'clients', 'check.second'),
    ...['--service-account', 'egiz-config', '--service-url', url(ports.services)],
    ...pair('service-', 'services', 'egiz-config'),
    ...['--monitor-account', 'watch', '--monitor-url', url(ports.services)],
    ...pair('monitor-', 'services', 'watch'),
    ...['--pki', pkiDirectory, '--queue-limit', String(QUEUE_LIMIT)],
  ];
}

export interface Report {
  readonly broker: string;
  readonly passed: number;
  readonly failed: number;
  readonly notApplicable: number;
  readonly results: readonly Result[];
}

/** Runs the command as a person does; its `--restart` command has the test stop and start the broker. */
export async function runCheck(
  premises: Premises,
  broker: { stop(): Promise<void>; start(): Promise<void> },
): Promise<{ readonly code: number | null; readonly report: Report }> {
  const asked = join(premises.directory, 'restart');
  const restart = `touch ${asked}; while [ -e ${asked} ]; do sleep 0.05; done`;
  const command = new RunningCommand([...checkArguments(premises), '--restart', restart]);
  let running = true;
  void command.ended.then(() => {
    running = false;
  });
  for (; running; await delay(20)) {
    if (!existsSync(asked)) continue;
    await broker.stop();
    await broker.start();
    rmSync(asked);
  }
  const { code, output } = await command.ended;
  return { code, report: JSON.parse(output) as Report };
}

/** Checks some requirements only, in this process. */
export async function checkSome(
  premises: Premises,
  broker: { stop(): Promise<void>; start(): Promise<void> },
  ids: RegExp,
): Promise<Record<string, Outcome>> {
  const given = checkArguments(premises).slice(3);
  const flags = new Map<string, string>();
  for (let index = 0; index < given.length; index += 2) {
    flags.set(given[index]?.slice(2) ?? '', given[index + 1] ?? '');
  }
  const options = await checkOptions(flags, async () => {
    await broker.stop();
    await broker.start();
  });
  const chosen = REQUIREMENTS.filter(({ id }) => ids.test(id));
  const results = await checkBroker(options, undefined, chosen);
  return Object.fromEntries(results.map(({ id, verdict, reason }) => [id, { verdict, reason }]));
}

/** One line a result, without what differs from run to run; NFR-1 informs, and a busy machine is slow. */
export function tableOf(results: readonly Result[]): string[] {
  return results.map(({ verdict, id, reason }) => {
    if (id === 'NFR-1') return `${id}: ${verdict === 'fail' ? reason : 'measured'}`;
    const steady = reason
      .replace(/127\.0\.0\.1:\d+/g, 'BROKER')
      .replace(/\d+(\.\d+)? (ms|days)\b/g, 'N $2')
      .replace(/(after|taken in) \d+(\.\d+)? s\b/g, '$1 N s')
      .replace(/and \d+ of 10 messages were lost/, 'and N of 10 messages were lost')
      .replace(/one acknowledged, \d+ open/, 'one acknowledged, N open')
      .replace(/^\d+ of 400 messages taken(?=.*; the rest)/, 'N of 400 messages taken')
      .replace(/^\d+ figures/, 'N figures');
    return `${verdict} ${id}: ${steady}`;
  });
}

/** Debian's Mosquitto with the configuration, rules and accounts that the product generates. */
export async function startGenerated(
  premises: Premises,
  options: {
    readonly limits?: Partial<BrokerLimits>;
    readonly change?: (conf: string) => string;
    /** The guard plugin's shared object. */
    readonly guard?: string;
    readonly acl?: string;
  } = {},
): Promise<TestBroker> {
  const { directory, files, pki, ports } = premises;
  mkdirSync(join(directory, 'data'), { recursive: true });
  const conf = mosquittoConf({
    listeners: [
      { login: 'password', port: ports.password },
      { login: 'client-certificate', port: ports.clients },
      { login: 'service-certificate', port: ports.services },
    ],
    bindAddress: '127.0.0.1',
    caFile: pki.caFile,
    serviceCaFile: pki.serviceCaFile,
    crlFile: pki.crlFile,
    serviceCrlFile: pki.serviceCrlFile,
    ...pki.server,
    ...files,
    persistenceDirectory: join(directory, 'data'),
    user: userInfo().username,
    limits: { maxQueuedMessages: QUEUE_LIMIT, sysInterval: 1, ...options.limits },
    ...(options.guard === undefined ? {} : { guard: guardOf(premises, options.guard) }),
  });
  if (options.acl !== undefined) writeFileSync(files.aclFile, options.acl);
  const change = options.change ?? ((text: string) => text);
  writeFileSync(join(directory, 'mosquitto.conf'), change(conf));
  return runMosquitto({ directory, port: ports.services, tlsPort: ports.password, pki });
}

function guardOf({ directory, files }: Premises, pluginFile: string): GuardPlugin {
  const auditFile = join(directory, 'audit.jsonl');
  return { pluginFile, guardFile: files.guardFile ?? '', auditFile, aclDecides: 'both' };
}
