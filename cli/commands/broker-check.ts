import { spawn } from 'node:child_process';
import { type Command, Option } from 'commander';
import type { Role } from '../../lib/conformance/account';
import type { Result, Verdict } from '../../lib/conformance/requirement';
import { checkBroker } from '../../lib/conformance/run';
import { EgizError } from '../../lib/errors/egiz-error';
import { ACCOUNT_FLAGS, checkOptions, type Flags } from '../broker-check-options';
import { EXIT_FAILED, EXIT_USAGE, reportFailure } from '../outcome';
import { brokerCommand } from './broker-command';

const WORDS: Readonly<Record<Verdict, string>> = { pass: 'pass', fail: 'FAIL', 'not-applicable': 'n/a ' };

export function registerBrokerCheck(program: Command): void {
  const check = brokerCommand(program)
    .command('check')
    .description('Check a running broker, ours or any other of MQTT 5, requirement by requirement.')
    .requiredOption('--url <url>', 'mqtts://HOST:PORT of the broker')
    .option('--ca <file>', "the authority that signed its certificate (default: the system's)")
    .option('--inventory <file>', 'where the rights of the accounts are found');
  for (const role of Object.keys(ACCOUNT_FLAGS) as Role[]) addAccountOptions(check, role);
  check
    .optionsGroup('What some requirements need:')
    .option('--expired-cert <file>', 'a certificate that has expired')
    .option('--expired-key <file>', 'and its key')
    .option('--revoked-cert <file>', 'a certificate that has been revoked')
    .option('--revoked-key <file>', 'and its key')
    .option(
      '--pki <dir>',
      'of a broker of ours: its pki directory, which has such certificates or makes them',
    )
    .option('--queue-limit <n>', 'messages the broker keeps for one client, if at most 1000')
    .option('--restart <command>', 'a shell command that restarts the broker')
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(() => run(check));
}

function addAccountOptions(check: Command, role: Role): void {
  const { prefix, part } = ACCOUNT_FLAGS[role];
  const collect = (value: string, before: readonly string[] = []) => [...before, value];
  check.optionsGroup(`The ${role} account, ${part}:`);
  check.option(`--${prefix}account <name>`, 'its name');
  check.option(`--${prefix}password-file <file>`, 'a file with its password');
  check.option(`--${prefix}cert <file>`, 'or its certificate');
  check.option(`--${prefix}key <file>`, 'and the key of that');
  if (prefix !== '') check.option(`--${prefix}url <url>`, 'its listener, when it is another');
  for (const access of ['read', 'write']) {
    const option = new Option(`--${prefix}${access} <filter>`, `topics it may ${access}; may be repeated`);
    check.addOption(option.argParser(collect));
  }
}

const HELP = `
Use accounts made for the check: whoever else is connected with them is disconnected meanwhile, and messages of
the check are sent on their topics. The rights of an account named TENANT.CLIENT are known, those of the service
are taken to be the configuration service's; others are told by --inventory, or --read and --write.

Exit code: 0 nothing failed, 1 something failed, 2 wrong usage.`;

async function run(check: Command): Promise<void> {
  const flags = flagsOf(check);
  const json = flags.has('json');
  const command = flags.get('restart');
  try {
    const options = await checkOptions(
      flags,
      typeof command === 'string' ? () => restart(command) : undefined,
    );
    const say = (result: Result) => {
      if (!json) console.log(line(result));
    };
    const results = await checkBroker(options, say, undefined, stopSignal());
    report(results, json, options.endpoint.url);
  } catch (thrown) {
    if (!(thrown instanceof EgizError) || thrown.code !== 'USAGE') throw thrown;
    reportFailure(thrown, json);
    process.exitCode = EXIT_USAGE;
  }
}

/** So that Ctrl-C leaves no session behind on the broker; a second one ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** By the names on the command line: commander's own are in camel case. */
function flagsOf(check: Command): Flags {
  const given = new Map<string, string | readonly string[]>();
  for (const option of check.options) {
    const value: unknown = check.getOptionValue(option.attributeName());
    const name = option.long?.slice(2) ?? '';
    if (Array.isArray(value)) given.set(name, value.map(String));
    else if (value !== undefined) given.set(name, String(value));
  }
  return given;
}

function report(results: readonly Result[], json: boolean, broker: string): void {
  const count = (verdict: Verdict) => results.filter((result) => result.verdict === verdict).length;
  const summary = { passed: count('pass'), failed: count('fail'), notApplicable: count('not-applicable') };
  if (json) console.log(JSON.stringify({ broker, ...summary, results }));
  else {
    console.log(
      `${summary.passed} passed, ${summary.failed} failed, ${summary.notApplicable} not applicable`,
    );
  }
  if (summary.failed > 0) process.exitCode = EXIT_FAILED;
}

function line({ verdict, id, title, reason }: Result): string {
  return `${WORDS[verdict]}  ${id.padEnd(15)} ${title}\n      ${''.padEnd(15)} ${reason}`;
}

/** What the command prints goes to the error output: the output is the check's. */
async function restart(command: string): Promise<void> {
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 2, 2] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`the restart command ended with code ${code}: ${command}`);
}
