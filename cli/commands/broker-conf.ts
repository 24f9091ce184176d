import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { rightsOf } from '../../lib/acl/rights';
import { productionConf } from '../../lib/broker/production';
import { messageRate } from '../../lib/broker/sizing';
import { writeFileAtomic } from '../../lib/files/atomic';
import { readInventory } from '../inventory-file';
import { printResult } from '../outcome';
import { brokerCommand } from './broker-command';

interface ConfOptions {
  readonly inventory: string;
  readonly output?: string;
  readonly mosquitto: string;
  readonly json?: true;
}

export function registerBrokerConf(program: Command): void {
  brokerCommand(program)
    .command('conf')
    .description("mosquitto.conf for a server, its limits sized from an inventory's boards.")
    .requiredOption('--inventory <file>', 'the inventory, YAML or JSON')
    .option('--output <file>', 'where to write it (default: to the output)')
    .option('--mosquitto <version>', "the broker's version", parseVersion, '2.0.11')
    .option('--json', 'print one JSON object')
    .action(conf);
}

async function conf(options: ConfOptions): Promise<void> {
  const inventory = readInventory(options.inventory);
  const accounts = rightsOf(inventory).length;
  const text = productionConf(inventory, accounts, options.mosquitto);
  const output = options.output === undefined ? undefined : resolve(options.output);
  if (output !== undefined) writeFileAtomic(output, text);
  const facts = { accounts, messagesPerSecond: messageRate(inventory), output: output ?? null };
  const lines =
    output === undefined
      ? [text.trimEnd()]
      : [`${output}: ${accounts} accounts, ${facts.messagesPerSecond} messages a second`];
  printResult(options.json === true, output === undefined ? { ...facts, text } : facts, lines);
}

function parseVersion(text: string): string {
  if (!/^2\.[01]\.\d+$/.test(text)) throw new InvalidArgumentError('It must be 2.0.x or 2.1.x.');
  return text;
}
