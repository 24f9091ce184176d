import type { Command } from 'commander';
import { registerAudit } from '../archive/audit';
import { registerSetup } from '../archive/setup';

export function registerArchive(program: Command): void {
  const archive = program
    .command('archive')
    .description('The archive in InfluxDB: setting it up, and proving that nothing is missing.');
  for (const register of [registerSetup, registerAudit]) register(archive);
}
