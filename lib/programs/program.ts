/** A program of others that is not in Debian, and how it is had. */
export interface Program {
  /** The file's name. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** The version that is built here. */
  readonly version: string;
  /** Whether a version found on the PATH does as well. */
  readonly accepts: (version: Version) => boolean;
  /** For people: which versions are accepted. */
  readonly accepted: string;
  /** By which it says its version, e.g. `Telegraf 1.39.3`. */
  readonly versionArguments: readonly string[];
  /** What the build runs, and from which Debian package or place it comes. */
  readonly tools: readonly BuildTool[];
  /** How long a build takes on two cores, for people. */
  readonly duration: string;
  /** Everything the result depends on but the machine. */
  readonly ingredients: () => readonly (string | Buffer)[];
  /** Makes the file `name` in the workshop, an empty directory. */
  readonly steps: (workshop: string, environment: NodeJS.ProcessEnv) => readonly BuildStep[];
}

export interface Version {
  readonly major: number;
  readonly minor: number;
}

export interface BuildTool {
  readonly program: string;
  /** For `apt-get install`. */
  readonly package?: string;
  /** Where it is had, when Debian's is too old. */
  readonly from?: string;
}

export interface BuildStep {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Go's own program fetches the version that a module asks for, from 1.21 on. */
export const GO: BuildTool = { program: 'go', from: 'Go 1.21 or newer (https://go.dev/dl)' };

/** `v2.7.12` or `1.39.3` in what a program says of itself. */
export function parseVersion(text: string): Version | undefined {
  const found = /\bv?(\d+)\.(\d+)\.\d+/.exec(text);
  return found === null ? undefined : { major: Number(found[1]), minor: Number(found[2]) };
}
