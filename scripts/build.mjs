// Builds dist/: the runtime by tsc, one HTML file a node with its bundled editor script, locales, icons.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
const tsc = (project, ...args) =>
  execFileSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', at(project), ...args], {
    stdio: 'inherit',
    cwd: root,
  });

/** Libraries that the package brings along instead of depending on them. */
const bundled = ['pki/x509', 'metrics/registry'];

const nodeNames = readdirSync(at('nodes')).filter((name) => existsSync(at('nodes', name, `${name}.html`)));

/** The editor half of one node: its script, bundled, and its dialog template. */
async function editorHtml(name) {
  const bundle = await build({
    entryPoints: [at('nodes', name, `${name}.editor.ts`)],
    bundle: true,
    format: 'iife',
    target: 'es2020',
    write: false,
    legalComments: 'none',
  });
  const script = bundle.outputFiles[0].text;
  return `<script type="text/javascript">\n${script}</script>\n${readFileSync(at('nodes', name, `${name}.html`), 'utf8')}`;
}

async function buildNode(name) {
  const out = at('dist/nodes', name);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, `${name}.html`), await editorHtml(name));
  for (const folder of ['locales', 'icons']) {
    if (existsSync(at('nodes', name, folder)))
      cpSync(at('nodes', name, folder), join(out, folder), { recursive: true });
  }
}

/** A module with the libraries it imports in one file, in place of the module, with their licences. */
async function bundleLibrary(name) {
  const out = at('dist/lib', `${name}.js`);
  const { metafile } = await build({
    entryPoints: [at('lib', `${name}.ts`)],
    outfile: out,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    legalComments: 'inline',
    metafile: true,
    absWorkingDir: root,
  });
  rmSync(`${out}.map`, { force: true });
  writeFileSync(at('dist/lib', `${name}.licenses.txt`), licences(Object.keys(metafile.inputs)));
}

/** The licence text of every package among the bundled files. */
function licences(files) {
  const packages = files.map((file) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const texts = [...new Set(packages.filter((folder) => folder !== undefined))].sort().map((folder) => {
    const file = readdirSync(at(folder)).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${folder} has no licence file to ship with the bundle`);
    return `${basename(folder)}\n\n${readFileSync(at(folder, file), 'utf8')}`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n`);
}

/** package.json names every node set; a folder nobody registered would be invisible. */
function checkRegistration() {
  const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const registered = Object.keys(manifest['node-red'].nodes).sort().join();
  if (registered !== [...nodeNames].sort().join()) {
    throw new Error(
      `package.json "node-red".nodes lists [${registered}], nodes/ holds [${nodeNames.sort().join()}]`,
    );
  }
}

/** The shipped flows are the package's examples: the editor's import dialog lists them. */
function copyExamples() {
  rmSync(at('examples'), { recursive: true, force: true });
  cpSync(at('flows'), at('examples'), { recursive: true });
}

rmSync(at('dist'), { recursive: true, force: true });
checkRegistration();
tsc('tsconfig.json');
tsc('tsconfig.editor.json');
await Promise.all([...bundled.map(bundleLibrary), ...nodeNames.map(buildNode)]);
copyExamples();
// Written last: what is newer than this file has not been built.
writeFileSync(at('dist/.built'), '');
