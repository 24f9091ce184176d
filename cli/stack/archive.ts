import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Archive, setUpArchive } from '../../lib/archive/setup';
import { EgizError } from '../../lib/errors/egiz-error';
import { PRIVATE_DIRECTORY_MODE, SECRET_MODE, writeFileAtomic } from '../../lib/files/atomic';
import type { Inventory } from '../../lib/inventory/inventory';
import { INFLUXDB } from '../../lib/programs/influxdb';
import { locate, provideInfluxdb, provideTelegraf } from '../../lib/programs/provide';
import { TELEGRAF } from '../../lib/programs/telegraf';
import { archiveConf } from '../../lib/telegraf/conf';
import { ARCHIVE_SCRIPT } from '../../lib/telegraf/script';
import type { PreparedAccess } from './access';
import type { HomePaths } from './home';
import type { Level } from './log';
import { LOOPBACK, type Ports } from './ports';
import { httpAnswers } from './probes';
import { diesWithParent } from './processes';
import type { ServiceSpec } from './service';

/** In the order they are started. */
export const ARCHIVE_SERVICES = ['influxdb', 'telegraf', 'auditor'] as const;

/** `wanted`: had at any price; `found`: when the programs are here; `none`. */
export type ArchiveChoice = 'wanted' | 'found' | 'none';

export interface ArchivePrograms {
  readonly influxd: string;
  readonly telegraf: string;
  /** The service of the inventory that Telegraf logs in as. */
  readonly account: string;
}

/**
 * The programs of the archive, built first when it is wanted. When it is not there, one line says what is missing.
 * @throws EgizError when it is wanted and cannot be had
 */
export async function archivePrograms(
  choice: ArchiveChoice,
  inventory: Inventory,
  say: (text: string) => void,
): Promise<ArchivePrograms | undefined> {
  if (choice === 'none') return undefined;
  const account = inventory.services.find(
    ({ role, login }) => role === 'archive' && login === 'certificate',
  )?.id;
  if (account === undefined) {
    const mend = 'Add to the services of the inventory: { id: telegraf, role: archive }';
    if (choice === 'wanted')
      throw new EgizError('ARCHIVE_WITHOUT_ACCOUNT', 'The archive has no account', { mend });
    say(`Nothing is archived: the archive has no account. ${mend}`);
    return undefined;
  }
  if (choice === 'wanted') {
    return { account, telegraf: await provideTelegraf(say), influxd: await provideInfluxdb(say) };
  }
  const [telegraf, influxd] = [locate(TELEGRAF), locate(INFLUXDB)];
  if (telegraf !== undefined && influxd !== undefined) return { account, telegraf, influxd };
  const missing = [
    ...(telegraf === undefined ? [`${TELEGRAF.title} (${TELEGRAF.accepted})`] : []),
    ...(influxd === undefined ? [`${INFLUXDB.title} (${INFLUXDB.accepted})`] : []),
  ];
  say(
    `Nothing is archived: ${missing.join(' and ')} missing. "npm start -- --with archive" builds what is missing`,
  );
  return undefined;
}

export function influxdbService(influxd: string, { archiveDirectory }: HomePaths, ports: Ports): ServiceSpec {
  const directory = join(archiveDirectory, 'influxdb');
  mkdirSync(directory, { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
  const [command, ...args] = diesWithParent([
    influxd,
    `--http-bind-address=${LOOPBACK}:${ports.influxdb}`,
    `--bolt-path=${join(directory, 'influxd.bolt')}`,
    `--sqlite-path=${join(directory, 'influxd.sqlite')}`,
    `--engine-path=${join(directory, 'engine')}`,
    '--reporting-disabled',
  ]);
  return {
    name: 'influxdb',
    command,
    args,
    cwd: directory,
    env: { ...process.env, HOME: directory },
    channel: false,
    shownFrom: 'error',
    port: ports.influxdb,
    probe: () => httpAnswers(`${urlOf(ports)}/health`, [200]),
    levelOf: levelOfInfluxdb,
  };
}

/** Buckets, tasks and tokens in an InfluxDB that answers. */
export function setUp(
  { archiveDirectory }: HomePaths,
  ports: Ports,
  say: (text: string) => void,
): Promise<Archive> {
  return setUpArchive({ url: urlOf(ports), directory: archiveDirectory, say });
}

export function telegrafService(
  { telegraf, account }: ArchivePrograms,
  archive: Archive,
  inventory: Inventory,
  access: PreparedAccess,
  { archiveDirectory }: HomePaths,
  ports: Ports,
): ServiceSpec {
  const directory = join(archiveDirectory, 'telegraf');
  const login = access.accounts.get(account);
  if (login === undefined || !('certFile' in login))
    throw new EgizError('PKI_INCOMPLETE', `No certificate for ${account}`);
  // Telegraf sends a secret as it stands in the file, so without the end of the line.
  const token = readFileSync(archive.tokens.telegraf, 'utf8').trim();
  writeFileAtomic(join(directory, 'influx_token'), token, SECRET_MODE);
  const conf = archiveConf(inventory, {
    EGIZ_MQTT_URL: `ssl://${LOOPBACK}:${ports.mqttsServices}`,
    EGIZ_ARCHIVE_ACCOUNT: account,
    EGIZ_TLS_CA: access.pki.caFile,
    EGIZ_TLS_CERT: login.certFile,
    EGIZ_TLS_KEY: login.keyFile,
    EGIZ_INFLUX_URL: archive.url,
    EGIZ_INFLUX_ORG: archive.org,
    EGIZ_INFLUX_BUCKET: archive.bucket,
    EGIZ_SECRETS: directory,
    EGIZ_ARCHIVE_SCRIPT: ARCHIVE_SCRIPT,
    EGIZ_ARCHIVE_METRICS: `${LOOPBACK}:${ports.archiveMetrics}`,
  });
  const confFile = join(directory, 'telegraf.conf');
  writeFileAtomic(confFile, conf, SECRET_MODE);
  const [command, ...args] = diesWithParent([telegraf, '--config', confFile, '--strict-env-handling']);
  return {
    name: 'telegraf',
    command,
    args,
    cwd: directory,
    env: process.env,
    channel: false,
    shownFrom: 'error',
    port: ports.archiveMetrics,
    probe: 'announced',
    announces: (line) => line.includes('[inputs.mqtt_consumer::broker] Connected'),
    levelOf: levelOfTelegraf,
  };
}

const PROGRAM = join(__dirname, '..', 'main.js');

/** Proves all the time that nothing is missing, and says so to Prometheus. */
export function auditorService(
  archive: Archive,
  { archiveDirectory, inventoryFile }: HomePaths,
  ports: Ports,
): ServiceSpec {
  const [command, ...args] = diesWithParent([
    process.execPath,
    ...[PROGRAM, 'archive', 'audit', '--every', '60s'],
    ...['--url', archive.url, '--org', archive.org, '--token-file', archive.tokens.auditor],
    ...['--inventory', inventoryFile, '--metrics-port', String(ports.auditMetrics)],
  ]);
  return {
    name: 'auditor',
    command,
    args,
    cwd: archiveDirectory,
    env: process.env,
    channel: false,
    shownFrom: 'warning',
    port: ports.auditMetrics,
    probe: () => httpAnswers(`http://${LOOPBACK}:${ports.auditMetrics}/metrics`, [200]),
    levelOf: (line) => (/failed|are missing/.test(line) ? 'warning' : 'info'),
  };
}

function levelOfInfluxdb(line: string): Level {
  // Whoever asked has the answer: that something is not there yet is how the set-up finds out.
  if (line.includes('api error encountered')) return 'info';
  if (/\blvl=(error|panic|fatal)\b/.test(line)) return 'error';
  return /\blvl=warn\b/.test(line) ? 'warning' : 'info';
}

/** While InfluxDB or the broker is away Telegraf complains each second; that they are away is said by the start. */
function levelOfTelegraf(line: string): Level {
  return / [EW]! /.test(line) ? 'warning' : 'info';
}

function urlOf({ influxdb }: Ports): string {
  return `http://${LOOPBACK}:${influxdb}`;
}
