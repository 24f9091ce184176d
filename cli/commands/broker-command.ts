import type { Command } from 'commander';

/** `openegiz broker`, under which several commands stand; made by the first of them. */
export function brokerCommand(program: Command): Command {
  const present = program.commands.find((command) => command.name() === 'broker');
  return (
    present ?? program.command('broker').description('The broker: configuration, accounts, checks, shards.')
  );
}
