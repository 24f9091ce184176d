import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { auditOnce } from '../../lib/archive/audit-once';
import { Auditor, isUnheard } from '../../lib/archive/auditor';
import { brokerDrops } from '../../lib/archive/broker-drops';
import { telegrafEvidence } from '../../lib/archive/evidence';
import { Influx } from '../../lib/archive/influx';
import { tokenFile } from '../../lib/archive/layout';
import { taskStates } from '../../lib/archive/task-states';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import { devicesOf } from '../../lib/inventory/inventory';
import { serveMetrics } from '../../lib/metrics/server';
import { parseDuration } from '../../lib/time/duration';
import { parseIdentifier } from '../../lib/topics/identifiers';
import { readInventory } from '../inventory-file';
import { EXIT_FAILED, printResult } from '../outcome';
import { readText } from '../pki/options';
import { type ArchiveOptions, archiveCommand, influxOptions, secretsDirectory } from './options';
import { reportLines, reportObject } from './report';

interface AuditOptions extends ArchiveOptions {
  readonly tokenFile?: string;
  /** Given a moment of reference, ms since 1970. */
  readonly since?: (now: number) => number;
  readonly until?: (now: number) => number;
  readonly margin?: number;
  readonly device?: readonly string[];
  readonly inventory?: string;
  readonly telegraf?: string;
  readonly broker?: string;
  readonly brokerCa?: string;
  readonly brokerCert?: string;
  readonly brokerKey?: string;
  readonly every?: number;
  readonly metricsHost: string;
  readonly metricsPort: number;
}

const PERIOD_MS = 3_600_000;
const MARGIN_MS = 300_000;

export function registerAudit(archive: Command): void {
  archiveCommand(archive, 'audit', 'Prove by sequence numbers that nothing is missing, or say what is.')
    .option('--token-file <file>', 'of the auditor (default: influx-auditor-token in the directory)')
    .option('--since <when>', 'such as 90m, 1h or 7d ago, or a time in RFC 3339 (default: 1h)', moment)
    .option('--until <when>', 'in the same form (default: now)', moment)
    .option('--margin <time>', 'what a message may take on its way (default: 5m)', duration)
    .option('--device <id>', 'only this board; may be repeated', device)
    .option('--inventory <file>', 'also say of which of its boards nothing is stored')
    .optionsGroup('Further evidence:')
    .option('--telegraf <url>', "Telegraf's own metrics, such as http://127.0.0.1:9273/metrics")
    .option('--broker <url>', 'mqtts://HOST:PORT, asked for its drops by an account of the role monitoring')
    .option('--broker-ca <file>', "the authority that signed the broker's certificate")
    .option('--broker-cert <file>', 'the certificate of the account')
    .option('--broker-key <file>', 'and its key')
    .optionsGroup('As a service:')
    .option('--every <time>', 'audit again and again, such as 60s, the time since --since ago', duration)
    .option('--metrics-host <address>', 'where its metrics are served', '127.0.0.1')
    .option('--metrics-port <n>', 'and on which port', port, 9465)
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit code: 0 nothing is missing, 1 something is, or the audit failed; 2 wrong usage.',
    )
    .action(audit);
}

async function audit(options: AuditOptions): Promise<void> {
  const file = options.tokenFile ?? tokenFile(secretsDirectory(options), 'auditor');
  const influx = new Influx({ ...influxOptions(options), token: readText(resolve(file)).trim() });
  const inventory = options.inventory === undefined ? [] : boardsOf(options.inventory, options.device);
  if (options.every === undefined) await auditPeriod(influx, options, inventory);
  else await serve(influx, options, options.every, inventory);
}

async function auditPeriod(
  influx: Influx,
  options: AuditOptions,
  inventory: readonly string[],
): Promise<void> {
  const now = Date.now();
  const since = sinceOf(options, now);
  const until = options.until?.(now) ?? now;
  if (since >= until) {
    throw new EgizError(
      'PERIOD_EMPTY',
      `From ${new Date(since).toISOString()} on there is nothing to audit`,
      {
        mend: 'Let --since be earlier than --until.',
      },
    );
  }
  const scope = { org: options.org, devices: options.device };
  const findings = await auditOnce(influx, scope, { since, until, margin: marginOf(options) }, now);
  const report = {
    since,
    until,
    findings,
    unheard: inventory.filter((device) => isUnheard(device, findings)),
    tasks: await taskStates(influx, options.org),
    telegraf: options.telegraf === undefined ? undefined : await telegrafEvidence(options.telegraf),
    brokerDropped: options.broker === undefined ? undefined : await drops(options.broker, options),
  };
  printResult(options.json === true, reportObject(report), reportLines(report));
  if (findings.missing > 0) process.exitCode = EXIT_FAILED;
}

async function serve(
  influx: Influx,
  options: AuditOptions,
  every: number,
  inventory: readonly string[],
): Promise<void> {
  const now = Date.now();
  const json = options.json === true;
  const auditor = new Auditor({
    influx,
    scope: { org: options.org, devices: options.device },
    period: now - sinceOf(options, now),
    margin: marginOf(options),
    every,
    inventory,
    say: (text) => printResult(json, { at: new Date().toISOString(), text }, [text]),
  });
  const address = { host: options.metricsHost, port: options.metricsPort };
  const metrics = await serveMetrics(auditor.metrics.registry, address);
  printResult(json, { metricsUrl: metrics.url }, [`Metrics: ${metrics.url}`]);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  await auditor.run(stop.signal);
  await metrics.close();
}

function drops(url: string, { brokerCa, brokerCert, brokerKey }: AuditOptions): Promise<number> {
  const tls = {
    ...(brokerCa === undefined ? {} : { ca: readText(brokerCa) }),
    ...(brokerCert === undefined ? {} : { cert: readText(brokerCert) }),
    ...(brokerKey === undefined ? {} : { key: readText(brokerKey) }),
  };
  return brokerDrops({ url, tls });
}

function boardsOf(file: string, devices: readonly string[] | undefined): string[] {
  const boards = devicesOf(readInventory(file)).map(({ account }) => account);
  return boards.filter((board) => devices === undefined || devices.includes(board));
}

function sinceOf({ since }: AuditOptions, now: number): number {
  return since?.(now) ?? now - PERIOD_MS;
}

function marginOf({ margin = MARGIN_MS }: AuditOptions): number {
  return margin;
}

function moment(text: string): (now: number) => number {
  const ago = parseDuration(text);
  if (ago !== undefined) return (now) => now - ago;
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError('It must be a time ago such as 90s, 5m, 1h or 7d, or one in RFC 3339.');
  }
  return () => time;
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It must be a time such as 60s, 5m, 1h or 7d.');
  return ms;
}

function device(text: string, before: readonly string[] = []): readonly string[] {
  try {
    return [...before, parseIdentifier('device', text)];
  } catch (fault) {
    throw new InvalidArgumentError(toEgizError(fault).message);
  }
}

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidArgumentError('It must be a port, 0 for any that is free.');
  }
  return Number(text);
}
