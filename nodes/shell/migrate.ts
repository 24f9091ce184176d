import { EgizError } from '../../lib/errors/egiz-error';

/** A node's saved configuration, of any version. */
export type SavedConfig = Record<string, unknown>;

/** `steps[n]` turns version n into version n + 1. Pure: also the editor runs it when a dialog opens. */
export type Migrations = readonly ((config: SavedConfig) => SavedConfig)[];

/** The version a node saves: one more with every step. */
export function currentVersion(steps: Migrations): number {
  return steps.length;
}

/**
 * Brings a saved configuration to the current version.
 * @throws EgizError `CONFIG_TOO_NEW` when a newer package saved it
 */
export function migrate(config: SavedConfig, steps: Migrations): SavedConfig {
  const from = typeof config.configVersion === 'number' ? config.configVersion : 0;
  if (from > steps.length) {
    throw new EgizError(
      'CONFIG_TOO_NEW',
      `This node was saved by a newer version of the package (${from} > ${steps.length})`,
      {
        mend: 'Update @openegiz/node-red-edge, or restore the flow file from before.',
      },
    );
  }
  const migrated = steps.slice(from).reduce((saved, step) => step(saved), config);
  return { ...migrated, configVersion: steps.length };
}
