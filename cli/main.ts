import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { registerAcl } from './commands/acl';
import { registerArchive } from './commands/archive';
import { registerBackup } from './commands/backup';
import { registerBroker } from './commands/broker';
import { registerBrokerCheck } from './commands/broker-check';
import { registerBrokerConf } from './commands/broker-conf';
import { registerBrokerScale } from './commands/broker-scale';
import { registerOta } from './commands/ota';
import { registerPki } from './commands/pki';
import { registerPrograms } from './commands/programs';
import { registerStart } from './commands/start';
import { EXIT_FAILED, EXIT_USAGE, reportFailure } from './outcome';
import { PACKAGE_ROOT } from './stack/home';

const program = new Command('openegiz')
  .description('OpenEgiz Edge: versioned configuration of edge clients and sensors over MQTT 5.')
  .version(packageVersion())
  .showSuggestionAfterError()
  .showHelpAfterError('(openegiz --help tells more)')
  .configureHelp({ showGlobalOptions: true });

for (const register of [
  registerStart,
  registerAcl,
  registerBroker,
  registerBrokerCheck,
  registerBrokerConf,
  registerBrokerScale,
  registerPki,
  registerOta,
  registerArchive,
  registerBackup,
  registerPrograms,
])
  register(program);
refuseToExit(program);

program.parseAsync().catch((fault: unknown) => {
  if (fault instanceof CommanderError) {
    // commander has said what is wrong; it throws for --help and --version too.
    process.exitCode = fault.exitCode === 0 ? 0 : EXIT_USAGE;
    return;
  }
  reportFailure(fault, process.argv.includes('--json'));
  process.exitCode = EXIT_FAILED;
});

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** Wrong usage has its own exit code (SPEC 6), so commander may not choose one. Sub-commands do not inherit it. */
function refuseToExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) refuseToExit(child);
}
