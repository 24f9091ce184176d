import type { Command } from 'commander';
import { registerSetup } from '../archive/setup';

export function registerArchive(program: Command): void {
  const archive = program.command('archive').description('The archive of telemetry in InfluxDB.');
  registerSetup(archive);
}
