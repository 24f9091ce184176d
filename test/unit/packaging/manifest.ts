import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/node-red';

export interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly repository?: unknown;
  readonly bugs?: unknown;
  readonly keywords?: readonly string[];
  readonly engines: { readonly node: string };
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly 'node-red': {
    readonly version: string;
    readonly nodes: Readonly<Record<string, string>>;
    readonly plugins: Readonly<Record<string, string>>;
  };
}

export const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** The names of our node sets. */
export const nodeSets = Object.keys(manifest['node-red'].nodes);

/** The text of a file of a node's source folder. */
export function source(set: string, ...path: string[]): string {
  return readFileSync(join(ROOT, 'nodes', set, ...path), 'utf8');
}

/** Every JSON file below a folder; none when the folder is not there. */
export function jsonFilesBelow(folder: string): string[] {
  const path = join(ROOT, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .map((file) => join(path, file));
}

/** True for a configuration node: it has no place on the canvas, and needs no icon of its own. */
export function isConfigurationNode(set: string): boolean {
  return /category: 'config'/.test(source(set, `${set}.editor.ts`));
}
