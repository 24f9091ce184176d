import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { describeDiff } from '../../lib/acl/diff';
import { type AccessFiles, type GeneratedAccess, generateAccess } from '../../lib/acl/generate';
import { applyAccess } from '../../lib/broker/apply';
import type { Inventory } from '../../lib/inventory/inventory';
import { readInventory } from '../inventory-file';
import { printResult } from '../outcome';

interface GenerateOptions {
  readonly inventory: string;
  readonly directory: string;
  readonly dryRun?: true;
  readonly reload?: string;
  readonly json?: true;
}

export function registerAcl(program: Command): void {
  const acl = program.command('acl').description('Broker accounts and access rules.');
  acl
    .command('generate')
    .description(
      'Bring acl_file, password_file and the limits in line with an inventory and print what changes.',
    )
    .requiredOption('--inventory <file>', 'the inventory, YAML or JSON')
    .requiredOption('--directory <dir>', 'where acl, passwords, guard and accounts/ are kept')
    .option('--dry-run', 'only print what would change')
    .option('--reload <pidfile>', 'then make the running Mosquitto read them again')
    .option('--json', 'print one JSON object')
    .action(generate);
}

async function generate(options: GenerateOptions): Promise<void> {
  const files = accessFiles(resolve(options.directory));
  const { diff, changed } = await bringInLine(readInventory(options.inventory), files, options);
  const lines = describeDiff(diff);
  const summary = lines.length === 0 ? 'Nothing changes.' : `${lines.length} changes`;
  const done = changed ? `written to ${options.directory}` : 'nothing written';
  printResult(options.json === true, { changed, diff, files }, [...lines, `${summary} (${done})`]);
}

function bringInLine(
  inventory: Inventory,
  files: AccessFiles,
  { dryRun, reload }: GenerateOptions,
): Promise<GeneratedAccess> {
  if (reload === undefined || dryRun === true) {
    return generateAccess(inventory, files, { dryRun: dryRun === true });
  }
  return applyAccess(inventory, files, { pidFile: resolve(reload) });
}

/** The names the broker's files have in their directory. */
export function accessFiles(directory: string): AccessFiles {
  return {
    aclFile: join(directory, 'acl'),
    passwordFile: join(directory, 'passwords'),
    guardFile: join(directory, 'guard'),
    passwordDirectory: join(directory, 'accounts'),
  };
}
