import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GO, type Program } from './program';

const VERSION = '2.7.12';

/** A Go module of our own that requires the server's, as seen from the compiled file. */
const SOURCES = join(__dirname, '..', '..', '..', 'telegraf', 'influxdb', 'server');

/** Builds Flux's part in Rust, and is asked by Go's linker where it lies. */
const PKG_CONFIG = 'github.com/influxdata/pkg-config@v0.2.12';

const FLAGS = [
  '-trimpath',
  '-ldflags',
  `-s -w -X main.version=v${VERSION}`,
  '-tags',
  'sqlite_foreign_keys,sqlite_json,noasm',
];

export const INFLUXDB: Program = {
  name: 'influxd',
  title: 'InfluxDB',
  version: VERSION,
  // 1.x has no tasks, buckets or tokens; 3 has another interface.
  accepts: ({ major, minor }) => major === 2 && minor >= 7,
  accepted: '2.7 or newer of InfluxDB 2',
  versionArguments: ['version'],
  tools: [
    GO,
    { program: 'cargo', from: 'Rust 1.68 or newer (https://rustup.rs)' },
    { program: 'gcc', package: 'gcc' },
    { program: 'pkg-config', package: 'pkg-config' },
  ],
  duration: '5 to 10 minutes',
  ingredients: () => [
    PKG_CONFIG,
    ...FLAGS,
    ...readdirSync(SOURCES)
      .sort()
      .map((name) => readFileSync(join(SOURCES, name))),
  ],
  steps: (workshop, environment) => [
    {
      command: ['go', 'install', PKG_CONFIG],
      cwd: workshop,
      environment: { ...environment, GOBIN: join(workshop, 'tools'), GOFLAGS: '' },
    },
    {
      command: ['go', 'build', '-mod=readonly', ...FLAGS, '-o', join(workshop, 'influxd'), '.'],
      cwd: SOURCES,
      environment: {
        ...environment,
        // In a checkout of somebody else's, git would refuse to say which commit it is of.
        GOFLAGS: '-buildvcs=false',
        CGO_ENABLED: '1',
        PKG_CONFIG: join(workshop, 'tools', 'pkg-config'),
        RUSTC_WRAPPER: join(SOURCES, 'rustc.sh'),
        ...toolchain(environment),
      },
    },
  ],
};

/** Flux names an old Rust in its sources, which rustup would download: the installed one does. */
function toolchain(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { stdout } = spawnSync('rustup', ['show', 'active-toolchain'], {
    cwd: homedir(),
    env: environment,
    encoding: 'utf8',
  });
  const [name = ''] = (stdout ?? '').trim().split(/\s/);
  return name === '' ? {} : { RUSTUP_TOOLCHAIN: name };
}
