import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { EgizError } from '../../lib/errors/egiz-error';
import { readInventory } from '../inventory-file';
import { printResult } from '../outcome';
import type { ScaleOptions } from '../scale/layout';
import { type Scaled, writeEmqx, writeShards } from '../scale/write';
import { brokerCommand } from './broker-command';

interface ScaleArguments {
  readonly inventory: string;
  readonly shards: number;
  readonly directory: string;
  readonly domain: string;
  readonly certs?: string;
  readonly plugin?: string;
  readonly user: string;
  readonly addresses?: readonly string[];
  readonly port: number;
  readonly mosquitto: string;
  readonly emqx?: true;
  readonly json?: true;
}

export function registerBrokerScale(program: Command): void {
  brokerCommand(program)
    .command('scale')
    .description('Configuration of several brokers behind HAProxy, the factories dealt out to them.')
    .requiredOption('--inventory <file>', 'the inventory, YAML or JSON')
    .requiredOption('--shards <n>', 'how many brokers', wholeNumber(1, 64))
    .requiredOption('--directory <dir>', 'where everything is written, and read by brokers and proxy')
    .option('--domain <name>', 'below which clients find their broker', 'mqtt.local')
    .option(
      '--certs <dir>',
      'ca.crt, services-ca.crt, server.crt, server.key (default: certs in the directory)',
    )
    .option('--plugin <file>', 'egiz_guard.so (default: no guard)')
    .option('--user <name>', 'the system user of the brokers', 'mosquitto')
    .option('--addresses <list>', 'of machines, one a broker, separated by commas (default: all here)', split)
    .option('--port <n>', "the proxy's first port", wholeNumber(1, 55_000), 8883)
    .option('--mosquitto <version>', "the brokers' version", '2.0.11')
    .option('--emqx', 'also the same for one EMQX cluster')
    .option('--json', 'print one JSON object')
    .action(scale);
}

async function scale(given: ScaleArguments): Promise<void> {
  const options = scaleOptions(given);
  const inventory = readInventory(given.inventory);
  const scaled = await writeShards(inventory, options);
  const emqx = given.emqx === true ? await writeEmqx(inventory, options.directory) : undefined;
  printResult(
    given.json === true,
    { ...scaled, ...(emqx === undefined ? {} : { emqx }) },
    linesOf(scaled, emqx),
  );
}

function scaleOptions({ certs, plugin, addresses, ...given }: ScaleArguments): ScaleOptions {
  const { shards, domain, user, port, mosquitto } = given;
  if (addresses !== undefined && addresses.length !== shards) {
    throw new EgizError('SHARD_ADDRESSES', `${addresses.length} addresses for ${shards} brokers`, {
      mend: 'Give --addresses one address a broker.',
    });
  }
  const directory = resolve(given.directory);
  return {
    shards,
    domain,
    user,
    port,
    mosquitto,
    directory,
    certificates: certs === undefined ? resolve(directory, 'certs') : resolve(certs),
    ...(plugin === undefined ? {} : { plugin: resolve(plugin) }),
    ...(addresses === undefined ? {} : { addresses }),
  };
}

function linesOf({ shards, haproxyFile, certificateNames }: Scaled, emqx: string | undefined): string[] {
  return [
    ...shards.map(
      ({ name, factories, tenants, accounts, changes }) =>
        `${name}: factories ${list(factories)}; clients of ${list(tenants)}; ${accounts} accounts, ${changes.length} changes`,
    ),
    `Proxy: ${haproxyFile}`,
    `The server certificate must name: ${certificateNames.join(', ')}`,
    ...(emqx === undefined ? [] : [`EMQX: ${emqx}`]),
  ];
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function split(text: string): string[] {
  return text.split(',').map((address) => address.trim());
}

function wholeNumber(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${lowest} to ${highest}.`);
  };
}
