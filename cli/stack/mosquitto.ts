import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { aclDecides } from '../../lib/broker/guard-conf';
import { mosquittoConf } from '../../lib/broker/mosquitto-conf';
import type { BrokerLimits } from '../../lib/broker/sizing';
import { EgizError } from '../../lib/errors/egiz-error';
import { writeFileAtomic } from '../../lib/files/atomic';
import { findProgram, pathDirectories } from '../../lib/processes/find-program';
import type { PreparedAccess } from './access';
import type { HomePaths } from './home';
import type { Level } from './log';
import { LOOPBACK, type Ports } from './ports';
import { tlsAnswers } from './probes';
import { diesWithParent } from './processes';
import type { ServiceSpec } from './service';

export interface MosquittoProgram {
  readonly path: string;
  /** Where its shared libraries lie when the package was only unpacked. */
  readonly libraryPath?: string;
}

const SYSTEM_DIRECTORIES = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin'];

/** On the path, where Debian puts it, or unpacked into the home. */
export function findMosquitto(packagesDirectory: string): MosquittoProgram | undefined {
  const directories = [...pathDirectories(process.env), ...SYSTEM_DIRECTORIES];
  const installed = findProgram('mosquitto', directories);
  if (installed !== undefined) return { path: installed };
  const root = join(packagesDirectory, 'root');
  const unpacked = join(root, 'usr/sbin/mosquitto');
  if (!existsSync(unpacked)) return undefined;
  return { path: unpacked, libraryPath: libraryDirectories(root).join(delimiter) };
}

/** `usr/lib/x86_64-linux-gnu` and its like. */
function libraryDirectories(root: string): string[] {
  return ['lib', 'usr/lib'].flatMap((name) => {
    const directory = join(root, name);
    if (!existsSync(directory)) return [];
    const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [directory, ...below.map((entry) => join(directory, entry.name))];
  });
}

/** @throws EgizError `MOSQUITTO_UNUSABLE` when it does not run here or is older than 2.0 */
export function checkMosquitto({ path, libraryPath }: MosquittoProgram): string {
  const env = { ...process.env, ...(libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath }) };
  const { stdout, stderr } = spawnSync(path, ['-h'], { encoding: 'utf8', env });
  const version = /mosquitto version (\d+)\.(\d+)\.(\d+)/.exec(stdout ?? '');
  if (version !== null && Number(version[1]) >= 2) return version[0].replace('mosquitto version ', '');
  const found = version === null ? (stderr ?? '').trim().split('\n')[0] : version[0];
  throw new EgizError('MOSQUITTO_UNUSABLE', `${path} cannot be used: ${found}`, {
    id: path,
    mend: 'Install Mosquitto 2.0 or newer: sudo apt-get install mosquitto',
  });
}

export interface Broker {
  readonly program: MosquittoProgram;
  /** As `checkMosquitto` found it. */
  readonly version: string;
  /** The guard plugin's shared object, where there is one. */
  readonly pluginFile: string | undefined;
  readonly limits: BrokerLimits;
}

/** Where `openegiz broker apply` and the PKI find the running broker. */
export function brokerPidFile(paths: HomePaths): string {
  return join(paths.brokerDirectory, 'mosquitto.pid');
}

export function mosquittoService(
  broker: Broker,
  paths: HomePaths,
  ports: Ports,
  access: PreparedAccess,
): ServiceSpec {
  const confFile = join(paths.brokerDirectory, 'mosquitto.conf');
  writeConf(confFile, broker, paths, ports, access);
  const { program } = broker;
  const { pki, own } = access;
  const probe = async () => {
    await tlsAnswers(ports.mqtts, pki.caFile);
    // The third listener needs a client's certificate, and opens together with the others.
    await tlsAnswers(ports.mqttsServices, pki.caFile, own.config);
  };
  const [command, ...args] = diesWithParent([program.path, '-c', confFile]);
  return {
    name: 'mosquitto',
    command,
    args,
    cwd: paths.brokerDirectory,
    env: {
      ...process.env,
      ...(program.libraryPath === undefined ? {} : { LD_LIBRARY_PATH: program.libraryPath }),
    },
    channel: false,
    shownFrom: 'warning',
    port: ports.mqtts,
    probe,
    levelOf: levelOfLine,
  };
}

function writeConf(
  confFile: string,
  broker: Broker,
  paths: HomePaths,
  ports: Ports,
  access: PreparedAccess,
): void {
  const dataDirectory = join(paths.brokerDirectory, 'data');
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const conf = mosquittoConf({
    listeners: [
      { login: 'password', port: ports.mqtts },
      { login: 'client-certificate', port: ports.mqttsClients },
      { login: 'service-certificate', port: ports.mqttsServices },
    ],
    bindAddress: LOOPBACK,
    caFile: access.pki.caFile,
    serviceCaFile: access.pki.serviceCaFile,
    crlFile: access.pki.crlFile,
    serviceCrlFile: access.pki.serviceCrlFile,
    ...access.pki.server,
    ...access.files,
    persistenceDirectory: dataDirectory,
    pidFile: brokerPidFile(paths),
    // The files of the home belong to whoever starts it, and Mosquitto must go on reading them.
    user: userInfo().username,
    limits: broker.limits,
    ...guardOptions(broker, paths, access),
  });
  writeFileAtomic(confFile, conf, 0o600);
}

function guardOptions(
  { version, pluginFile }: Broker,
  paths: HomePaths,
  { files, generated }: PreparedAccess,
) {
  if (pluginFile === undefined || files.guardFile === undefined) return {};
  mkdirSync(paths.logDirectory, { recursive: true, mode: 0o700 });
  const auditFile = join(paths.logDirectory, 'audit.jsonl');
  const decides = aclDecides(version, generated.accounts.length);
  return { guard: { pluginFile, guardFile: files.guardFile, auditFile, aclDecides: decides } };
}

function levelOfLine(line: string): Level {
  // Said at every start by root, in a container for instance, where there is nobody else to be.
  if (line.includes('should not be run as root')) return 'info';
  if (/: Error|Error:/.test(line)) return 'error';
  return /Warning|not authorised|OpenSSL Error/.test(line) ? 'warning' : 'info';
}
