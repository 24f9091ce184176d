import { type Command, InvalidArgumentError, Option } from 'commander';
import { readInventory } from '../inventory-file';
import { type BoardChoice, DEFAULT_SEED, type StartArguments, startOptions } from '../stack/options';
import { runStack } from '../stack/run';

export function registerStart(program: Command): void {
  program
    .command('start')
    .description('Bring the whole loop up on this machine: broker, Node-RED, simulated clients and boards.')
    .option('--inventory <file>', 'the inventory, YAML or JSON (default: the shipped sample)')
    .option('--home <dir>', 'data directory (default: OPENEGIZ_HOME, or .openegiz in the checkout)')
    .option('--clients <n>', "simulate this many of the inventory's clients (0: none)", parseCount)
    .option(
      '--boards <simulated|virtual|none|n>',
      "play the inventory's boards: simulated (default), virtual (the firmware), none, or this many; may be given twice",
      parseBoards,
    )
    .option('--seed <n>', `what simulated boards measure (default: ${DEFAULT_SEED})`, parseCount)
    .addOption(
      new Option('--with <part>', 'also what is not here yet and has to be built: Telegraf and InfluxDB')
        .choices(['archive'])
        .conflicts('without'),
    )
    .addOption(new Option('--without <part>', 'not even what is here').choices(['archive']))
    .option('--https', 'serve API, editor and dashboards over HTTPS with the development CA')
    .option('--json', 'print JSON lines instead of text')
    .action(start);
}

async function start(given: StartArguments): Promise<void> {
  const options = startOptions(given);
  // Read first: a bad inventory must not leave anything behind.
  const inventory = readInventory(options.inventoryFile);
  // A part of the start that was still under way when it was told to stop is not waited for.
  process.exit(await runStack(options, inventory));
}

function parseCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}

/** `--boards virtual --boards 5`: five virtual ones. */
function parseBoards(text: string, before: Partial<BoardChoice> = {}): Partial<BoardChoice> {
  if (text === 'simulated' || text === 'virtual') return { ...before, kind: text };
  if (text === 'none') return { ...before, count: 0 };
  if (/^\d{1,6}$/.test(text)) return { ...before, count: Number(text) };
  throw new InvalidArgumentError('It must be "simulated", "virtual", "none", or a whole number, 0 or more.');
}
