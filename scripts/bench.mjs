// Runs one of the benchmarks in bench/. Usage: npm run bench -- NAME [ARGUMENTS]
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = (args) =>
  spawnSync(join(root, 'node_modules/.bin/node'), args, { cwd: root, stdio: 'inherit' }).status;
const [name = '', ...args] = process.argv.slice(2);

if (!/^[a-z-]+$/.test(name) || !existsSync(join(root, 'bench', `${name}.ts`))) {
  console.error(
    [
      'Usage: npm run bench -- NAME [ARGUMENTS], of these:',
      '  loop [CLIENTS] [PER_SECOND] [SECONDS]',
      '  broker [BOARDS] [SECONDS]',
      '  reload-stall [CLIENTS] [ROUNDS]',
      '  telemetry [MESSAGES] [SENSORS] [SECONDS]',
      '  archive [BOARDS] [SECONDS] [RATE ...]',
    ].join('\n'),
  );
  process.exit(2);
}
const built =
  run(['scripts/build.mjs']) || run(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json']);
process.exit(built || run([join('build/bench', `${name}.js`), ...args]));
