import { GO, type Program } from './program';

const VERSION = '1.39.3';

/** What telegraf/ and its tests use: the whole program would take five times as long to build. */
const PLUGINS = [
  'inputs.internal',
  'inputs.mqtt_consumer',
  'inputs.prometheus',
  'inputs.tail',
  'inputs.x509_cert',
  'parsers.grok',
  'parsers.influx',
  'parsers.json',
  'parsers.json_v2',
  'parsers.value',
  'parsers.xpath',
  'processors.converter',
  'processors.enum',
  'processors.filter',
  'processors.regex',
  'processors.rename',
  'processors.starlark',
  'processors.strings',
  'aggregators.basicstats',
  'outputs.file',
  'outputs.influxdb',
  'outputs.influxdb_v2',
  'outputs.prometheus_client',
  'serializers.influx',
  'secretstores.docker',
] as const;

const FLAGS = [
  '-trimpath',
  '-ldflags',
  `-s -w -X github.com/influxdata/telegraf/internal.Version=${VERSION}`,
  '-tags',
  ['custom', ...PLUGINS].join(','),
];

export const TELEGRAF: Program = {
  name: 'telegraf',
  title: 'Telegraf',
  version: VERSION,
  // 1.38 brought the setting by which a consumer is back soon after the broker.
  accepts: ({ major, minor }) => major === 1 && minor >= 38,
  accepted: '1.38 or newer',
  versionArguments: ['--version'],
  tools: [GO],
  duration: '1 to 3 minutes',
  ingredients: () => FLAGS,
  steps: (workshop, environment) => [
    {
      command: ['go', 'install', ...FLAGS, `github.com/influxdata/telegraf/cmd/telegraf@v${VERSION}`],
      cwd: workshop,
      environment: { ...environment, GOBIN: workshop, GOFLAGS: '', CGO_ENABLED: '0' },
    },
  ],
};
