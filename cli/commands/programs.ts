import type { Command } from 'commander';
import { provideInfluxdb, provideTelegraf } from '../../lib/programs/provide';
import { printResult } from '../outcome';

export function registerPrograms(program: Command): void {
  program
    .command('programs')
    .description(
      "See to it that the archive's programs are there: found on the PATH, or built once for this user.",
    )
    .option('--json', 'print one JSON object')
    .action(programs);
}

async function programs(options: { readonly json?: true }): Promise<void> {
  // Telegraf first: it is there in a minute. Builds of both at once would only take each other's cores.
  const say = (text: string) => console.error(text);
  const telegraf = await provideTelegraf(say);
  const influxd = await provideInfluxdb(say);
  printResult(options.json === true, { telegraf, influxd }, [
    `Telegraf    ${telegraf}`,
    `InfluxDB    ${influxd}`,
  ]);
}
