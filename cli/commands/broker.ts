import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { describeDiff } from '../../lib/acl/diff';
import { type AccessFiles, generateAccess } from '../../lib/acl/generate';
import { type AppliedAccess, applyAccess, type RunningBroker } from '../../lib/broker/apply';
import type { ProbeTarget } from '../../lib/broker/probe';
import { EgizError } from '../../lib/errors/egiz-error';
import { writeFileAtomic } from '../../lib/files/atomic';
import type { Inventory } from '../../lib/inventory/inventory';
import { readInventory } from '../inventory-file';
import { printResult } from '../outcome';
import { pkiOf, withOwnServices } from '../stack/access';
import { type HomePaths, homePaths, resolveHome } from '../stack/home';
import { accessFiles } from './acl';
import { brokerCommand } from './broker-command';

interface ApplyOptions {
  readonly inventory: string;
  readonly directory?: string;
  readonly home?: string;
  readonly pidFile?: string;
  readonly url?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly timeout: number;
  readonly dryRun?: true;
  readonly json?: true;
}

export function registerBroker(program: Command): void {
  brokerCommand(program)
    .command('apply')
    .description(
      'Bring accounts and rights of a running Mosquitto in line with an inventory, and see that it follows.',
    )
    .requiredOption('--inventory <file>', 'the inventory, YAML or JSON')
    .option('--directory <dir>', 'where acl, passwords and accounts/ are kept; without it: those of a home')
    .option('--home <dir>', 'data directory of a running start (default: OPENEGIZ_HOME, or .openegiz)')
    .option('--pid-file <file>', "the broker's pid_file (default: mosquitto.pid in the directory)")
    .option('--url <mqtts-url>', 'where the broker is asked afterwards: a listener with passwords')
    .option('--ca <file>', "the authority of the broker's certificate")
    .option('--cert <file>', 'where the listener asks for certificates: one for the account "_probe"')
    .option('--key <file>', 'and its key')
    .option('--timeout <seconds>', 'how long the broker may take', seconds, 30)
    .option('--dry-run', 'only print what would change')
    .option('--json', 'print one JSON object')
    .action(apply);
}

async function apply(options: ApplyOptions): Promise<void> {
  const paths = options.directory === undefined ? homePaths(resolveHome(options.home)) : undefined;
  const given = readInventory(options.inventory);
  const inventory = paths === undefined ? given : withOwnServices(given).inventory;
  const directory = paths?.brokerDirectory ?? resolve(options.directory ?? '.');
  const files = accessFiles(directory);
  if (options.dryRun === true) {
    const { diff } = await generateAccess(inventory, files, { dryRun: true });
    report(options, files, { diff, changed: false, reloaded: false, probed: false }, 'nothing written');
    return;
  }
  if (paths !== undefined) await pkiOf(inventory, paths.pkiDirectory);
  const broker = runningBroker(options, directory, paths);
  const applied = await applyAccess(inventory, files, broker, { timeoutMs: options.timeout * 1000 });
  if (paths !== undefined) registerAccounts(inventory, paths);
  report(options, files, applied, outcomeOf(applied));
}

type Outcome = Pick<AppliedAccess, 'diff' | 'changed' | 'reloaded' | 'probed'>;

function report(options: ApplyOptions, files: AccessFiles, outcome: Outcome, words: string): void {
  const { diff, changed, reloaded, probed } = outcome;
  const lines = describeDiff(diff);
  const summary = lines.length === 0 ? 'Nothing changes' : `${lines.length} changes`;
  printResult(options.json === true, { changed, reloaded, probed, diff, files }, [
    ...lines,
    `${summary}: ${words}`,
  ]);
}

function outcomeOf({ changed, reloaded, probed }: AppliedAccess): string {
  if (!reloaded) return probed ? 'the broker follows these files already' : 'the broker was left alone';
  const written = changed ? 'written, and read by the broker' : 'read again by the broker';
  return probed
    ? `${written}: a right given works, a right taken is gone`
    : `${written.replace(', and read by the broker', ', and the broker told')}; nobody has looked whether it follows (--url)`;
}

function runningBroker(
  options: ApplyOptions,
  directory: string,
  paths: HomePaths | undefined,
): RunningBroker {
  const pidFile = resolve(options.pidFile ?? join(directory, 'mosquitto.pid'));
  const probe = probeOf(options, paths);
  return probe === undefined ? { pidFile } : { pidFile, probe };
}

/** @throws EgizError `HOME_NOT_RUNNING` */
function probeOf(
  { url, ca, cert, key }: ApplyOptions,
  paths: HomePaths | undefined,
): ProbeTarget | undefined {
  if (url !== undefined) {
    const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file));
    const given = { ca: read(ca), cert: read(cert), key: read(key) };
    const tls = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    return { url, tls: () => tls };
  }
  if (paths === undefined) return undefined;
  if (!existsSync(paths.readyFile)) {
    throw new EgizError('HOME_NOT_RUNNING', `Nothing is running in ${paths.home}`, {
      id: paths.home,
      mend: 'Start it with openegiz start --inventory FILE; or name the directory of another broker.',
    });
  }
  const { mqtt } = JSON.parse(readFileSync(paths.readyFile, 'utf8')) as {
    mqtt: { url: string; caFile: string };
  };
  return { url: mqtt.url, tls: () => ({ ca: readFileSync(mqtt.caFile) }) };
}

/** The service of that home watches this file and learns of new and retired clients by it. */
function registerAccounts(inventory: Inventory, { inventoryFile }: HomePaths): void {
  writeFileAtomic(inventoryFile, `${JSON.stringify(inventory, null, 2)}\n`, 0o600);
}

function seconds(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) === 0) {
    throw new InvalidArgumentError('It must be a whole number of seconds, 1 or more.');
  }
  return Number(text);
}
