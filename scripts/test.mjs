// The whole test run, from a clean checkout: types and lint, build, then mocha layer by layer, then the parts
// in C and C++ by their own scripts.
// Usage: node scripts/test.mjs [unit|nodes|runtime|stack|editor|plugin|firmware ...]
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const layers = ['unit', 'nodes', 'runtime', 'stack', 'editor'];
/** What runs on its own; each closes with a line `N passed, N failed`. */
const scripts = { plugin: 'broker/plugin/test/run.sh', firmware: 'firmware/test/run.sh' };

function run(command, args, options = {}) {
  const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` };
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env, ...options });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

/** A step that must succeed before the next makes sense. */
function must(title, command, args) {
  console.log(`# ${title}`);
  if (run(command, args) !== 0) {
    console.error(`${title}: failed`);
    console.log('0 passed, 1 failed');
    process.exit(1);
  }
}

/** Runs one layer; its counts come from mocha's own JSON report. */
function testLayer(layer) {
  const report = join(root, 'build', `report-${layer}.json`);
  rmSync(report, { force: true });
  console.log(`# ${layer}`);
  const status = run(bin('mocha'), [
    '--recursive',
    '--extension',
    '.test.js',
    '--reporter',
    join(root, 'build/test/reporter.js'),
    '--reporter-option',
    `output=${report}`,
    // What drives real processes on a busy machine may miss a deadline: it gets a second try, and the report says so.
    '--retries',
    layer === 'unit' ? '0' : '1',
    join(root, 'build/test', layer),
  ]);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { passed, failed } = JSON.parse(readFileSync(report, 'utf8'));
  return { passed, failed: failed === 0 && status !== 0 ? 1 : failed };
}

/**
 * Builds Telegraf and InfluxDB for the stack layer, once for this machine and beside the layers before it. Where they
 * cannot be had, the tests that need them fail and say why.
 * @returns waits for them and shows what was said
 */
function providePrograms() {
  const file = join(root, 'build', 'programs.log');
  const log = openSync(file, 'w');
  const child = spawn(bin('node'), [join(root, 'bin/openegiz'), 'programs'], {
    cwd: root,
    stdio: ['ignore', log, log],
  });
  const gone = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  return async () => {
    console.log('# Telegraf and InfluxDB');
    await gone;
    closeSync(log);
    process.stdout.write(readFileSync(file, 'utf8'));
  };
}

/** Runs the script of one part. Its closing line is not repeated: only the last line of all may have that shape. */
function testScript(name) {
  console.log(`# ${name}`);
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
  const child = spawn(join(root, scripts[name]), [], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let counts;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const closing = /^(\d+) passed, (\d+) failed$/.exec(line);
    if (closing === null) console.log(line);
    else counts = { passed: Number(closing[1]), failed: Number(closing[2]) };
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve({ passed: 0, failed: 1 }));
    child.once('close', (code) => {
      const { passed, failed } = counts ?? { passed: 0, failed: 1 };
      resolve({ passed, failed: failed === 0 && (code !== 0 || passed === 0) ? 1 : failed });
    });
  });
}

if (!existsSync(bin('tsc'))) must('dependencies', 'npm', ['ci', '--no-audit', '--no-fund']);
must('system packages', process.execPath, [join(root, 'scripts/system-packages.mjs')]);
must('build', bin('node'), [join(root, 'scripts/build.mjs')]);
must('types and lint', 'npm', ['run', '--silent', 'check']);
must('tests compiled', bin('node'), [
  join(root, 'node_modules/typescript/bin/tsc'),
  '-p',
  'tsconfig.test.json',
]);

const asked = process.argv.slice(2);
const wanted = asked.length > 0 ? asked : [...layers, ...Object.keys(scripts)];
const programs = wanted.includes('stack') ? providePrograms() : undefined;
const totals = { passed: 0, failed: 0 };
for (const name of wanted) {
  if (name === 'stack') await programs();
  const begin = Date.now();
  let { passed, failed } = name in scripts ? await testScript(name) : testLayer(name);
  if (name in scripts && failed > 0) {
    console.log(`# ${name}: ${failed} failed; it is run once more`);
    ({ passed, failed } = await testScript(name));
  }
  console.log(
    `# ${name}: ${passed} passed and ${failed} failed in ${Math.round((Date.now() - begin) / 1000)} s`,
  );
  totals.passed += passed;
  totals.failed += failed;
}
if (totals.passed + totals.failed === 0) totals.failed = 1;
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 ? 0 : 1);
