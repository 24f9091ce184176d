#!/usr/bin/env node
// The door of every command. Runs on Node 20 with nothing installed: in a checkout it first installs the
// dependencies and builds what is missing or older than the sources, then hands over to dist/cli with the
// Node this project pins. Everything it says goes to the error output, so that --json stays clean.
'use strict';
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const at = (...parts) => path.join(root, ...parts);
const isCheckout = fs.existsSync(at('scripts', 'build.mjs')) && fs.existsSync(at('lib'));
/** `node:sqlite` works from here on. */
const NEEDED = [22, 13];
const LOCK = at('.openegiz-install.lock');

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

function run(title, command, args) {
  say(title);
  // The child's own output is progress too: to the error output, at once.
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error) fail(`${title} did not start: ${result.error.message}`);
  if (result.status !== 0) fail(`${title} failed; run "${command} ${args.join(' ')}" in ${root} to see why.`);
}

function isNewEnough(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** The pinned Node when it is installed and runs here, else the one that runs this file when it will do. */
function findNode() {
  const pinned = at('node_modules', 'node', 'bin', 'node');
  if (fs.existsSync(pinned)) {
    const { status, stdout } = spawnSync(pinned, ['--version'], { encoding: 'utf8' });
    if (status === 0 && isNewEnough(stdout.trim())) return pinned;
  }
  return isNewEnough(process.version) ? process.execPath : undefined;
}

/** Every version is pinned, so what is installed either is what package.json names or is not it. */
function dependenciesMissing() {
  // npm writes this file last: without it an install was interrupted.
  if (!fs.existsSync(at('node_modules', '.package-lock.json'))) return true;
  const { dependencies, devDependencies } = readJson(at('package.json'));
  return Object.entries({ ...dependencies, ...devDependencies }).some(([name, version]) => {
    const manifest = at('node_modules', name, 'package.json');
    // An alias reads `npm:NAME@VERSION`.
    const pinned = version.slice(version.lastIndexOf('@') + 1);
    return !fs.existsSync(manifest) || readJson(manifest).version !== pinned;
  });
}

function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** When the newest file below was changed. */
function newest(entry) {
  const { isDirectory, time } = stat(entry);
  if (!isDirectory) return time;
  // A folder's own time tells of files that were removed.
  return fs
    .readdirSync(entry)
    .reduce((latest, name) => Math.max(latest, newest(path.join(entry, name))), time);
}

function stat(entry) {
  const found = fs.statSync(entry, { throwIfNoEntry: false });
  return { isDirectory: found?.isDirectory() ?? false, time: found?.mtimeMs ?? 0 };
}

function distIsOld() {
  const built = stat(at('dist', '.built')).time;
  const sources = ['lib', 'nodes', 'cli', 'types', 'settings.ts', 'package.json', 'scripts/build.mjs'];
  return built === 0 || sources.some((source) => newest(at(source)) > built);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (fault) {
    return fault.code === 'EPERM';
  }
}

/** Makes the lock with this process's id in it, unless there is one; nobody sees it without. */
function tryLock() {
  const draft = `${LOCK}.${process.pid}`;
  fs.writeFileSync(draft, String(process.pid));
  try {
    fs.linkSync(draft, LOCK);
    return true;
  } catch (fault) {
    if (fault.code === 'EEXIST') return false;
    throw fault;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

function lockOwner() {
  try {
    return Number(fs.readFileSync(LOCK, 'utf8'));
  } catch {
    return 0;
  }
}

/** One at a time: two starts at once would remove each other's half-built dist. */
function withLock(work) {
  for (let waited = false; !tryLock(); waited = true) {
    const owner = lockOwner();
    if (owner > 0 && !isAlive(owner)) fs.rmSync(LOCK, { force: true });
    if (!waited) say('Waiting for another openegiz that installs or builds …');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  const release = () => fs.rmSync(LOCK, { force: true });
  process.once('exit', release);
  work();
  process.removeListener('exit', release);
  release();
}

function prepareCheckout() {
  if (dependenciesMissing())
    run('Installing dependencies (npm ci) …', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (!distIsOld()) return;
  const node = findNode();
  if (node !== undefined) run('Building …', node, [at('scripts', 'build.mjs')]);
}

if (isCheckout && (dependenciesMissing() || distIsOld())) withLock(prepareCheckout);

const node = findNode();
if (node === undefined) {
  fail(
    `OpenEgiz Edge needs Node ${NEEDED.join('.')} or newer and this is ${process.version}: install it, or run "npm rebuild node" in ${root}.`,
  );
}
const main = at('dist', 'cli', 'main.js');
if (!fs.existsSync(main)) fail(`${main} is missing: install the package again.`);

// The channel tells the command when this process is killed; it then stops what it started.
const child = spawn(node, [main, ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (fault) => fail(`${node} did not start: ${fault.message}`));
// A command that is killed cannot remove the file that says it is ready; this process does it then.
let readyFile;
child.on('message', (message) => {
  readyFile = message?.readyFile ?? readyFile;
});
child.on('exit', (code, signal) => {
  if (readyFile !== undefined) fs.rmSync(readyFile, { force: true });
  process.exit(code ?? (signal === 'SIGINT' ? 130 : 1));
});
