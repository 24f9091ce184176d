import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import should from 'should';
import { ROOT } from '../../support/node-red';
import { jsonFilesBelow, manifest, nodeSets } from './manifest';

/** The rules of the Flow Library's scorecard, checked from the files alone. */

interface EditorHalf {
  readonly set: string;
  readonly types: readonly string[];
  readonly configTypes: readonly string[];
}

/** As the library does it: `registerType("literal", { literal` in the script of the HTML beside the built file. */
function editorHalf(set: string): EditorHalf {
  const html = readFileSync(
    join(ROOT, (manifest['node-red'].nodes[set] ?? '').replace('.js', '.html')),
    'utf8',
  );
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  const calls = [...script.matchAll(/registerType\(\s*"([^"]+)"\s*,\s*\{\s*category:\s*"([^"]+)"/g)];
  const types = calls.map(([, type = '']) => type);
  const configTypes = calls.filter(([, , category]) => category === 'config').map(([, type = '']) => type);
  return { set, types, configTypes };
}

const halves = nodeSets.map(editorHalf);

/** Lowest version of a range like `>=22.9`. */
function lowest(range: string): number[] {
  return (/^>=(\d+(?:\.\d+){0,2})$/.exec(range)?.[1] ?? '').split('.').map(Number);
}

function atLeast(version: readonly number[], other: readonly number[]): boolean {
  for (const index of [0, 1, 2]) {
    const difference = (version[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function installed(name: string): { engines?: { node?: string }; version: string } {
  const file =
    [join(ROOT, 'node_modules', name, 'package.json')].find(existsSync) ??
    require.resolve(`${name}/package.json`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

describe('the scorecard of the Flow Library, offline', () => {
  it('P01: has a licence, and its text', () => {
    should(manifest.license).equal('Apache-2.0');
    should(readFileSync(join(ROOT, 'LICENSE'), 'utf8')).match(/Apache License/);
  });

  it('P03: says where it is kept and where faults are told', () => {
    should(manifest).have.properties(['repository', 'bugs']);
  });

  it('P04: has a scoped name', () => {
    should(manifest.name).match(/^@[a-z0-9-]+\/[a-z0-9-]+$/);
  });

  it('P05: has the keyword node-red', () => {
    should(manifest.keywords).containEql('node-red');
  });

  it('P06: names a range of Node-RED that holds 4.1 and the one we develop on', () => {
    const range = lowest(manifest['node-red'].version);
    should(range).eql([4, 1, 0]);
    should(atLeast(installed('node-red').version.split('.').map(Number), range)).be.true();
  });

  it("P07: asks for no newer Node than Node-RED's own minimum", () => {
    const theirs = lowest(installed('node-red').engines?.node ?? '');
    should(atLeast(theirs, lowest(manifest.engines.node))).be.true();
  });

  it('D01: has at most six dependencies', () => {
    should(Object.keys(manifest.dependencies).length).be.belowOrEqual(6);
  });

  it('D02: brings no agent-base below 6', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version?: string; dev?: boolean }>;
    };
    const old = Object.entries(packages).filter(
      ([path, { version = '', dev }]) =>
        path.endsWith('node_modules/agent-base') && dev !== true && Number.parseInt(version, 10) < 6,
    );
    should(old).be.empty();
  });

  it('D03: names its dependencies by version, never by address', () => {
    should(Object.values(manifest.dependencies)).matchEach(/^\^?\d+\.\d+\.\d+$/);
  });

  it('N01: every set registers types that the catalogue finds, all of them ours by name and each once', () => {
    const types = halves.flatMap((half) => half.types);
    should(halves.filter((half) => half.types.length === 0).map((half) => half.set)).be.empty();
    should(types).matchEach(/^egiz-[a-z-]+$/);
    should(new Set(types).size).equal(types.length);
  });

  it('N02: every type but configuration nodes is in an example', () => {
    const examples = [...jsonFilesBelow('flows'), ...jsonFilesBelow('examples')].map((file) =>
      readFileSync(file, 'utf8'),
    );
    const used = new Set(
      examples.flatMap((text) => [...text.matchAll(/"type":\s*"(egiz-[a-z-]+)"/g)].map(([, type]) => type)),
    );
    const wanted = halves.flatMap(({ types, configTypes }) =>
      types.filter((type) => !configTypes.includes(type)),
    );
    should(wanted.filter((type) => !used.has(type))).be.empty();
  });

  it('ships what it needs, and folders whose names the loader does not mistake', () => {
    should(manifest.files).containDeep(['dist', 'schemas', 'README.md', 'LICENSE']);
    const entries = [
      ...Object.values(manifest['node-red'].nodes),
      ...Object.values(manifest['node-red'].plugins),
    ];
    for (const entry of entries) {
      should(existsSync(join(ROOT, entry))).be.true(entry);
      should(dirname(entry)).not.containEql('.js');
    }
  });
});
