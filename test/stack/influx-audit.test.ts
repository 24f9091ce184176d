import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { Auditor } from '../../lib/archive/auditor';
import { Influx } from '../../lib/archive/influx';
import { setUpArchive } from '../../lib/archive/setup';
import { telemetryPoint, unnumberedPoint } from '../support/archive-points';
import { InfluxdbServer } from '../support/influxdb';
import { startMosquitto } from '../support/mosquitto';
import { eventually, RunningCommand, runCommand } from '../support/running-stack';

const SECOND_MS = 1_000;
/** When the messages of these tests began to be measured. */
const T0 = Math.floor(Date.now() / SECOND_MS) * SECOND_MS - 3_000 * SECOND_MS;
const at = (second: number) => T0 + second * SECOND_MS;
const time = (second: number) => new Date(at(second)).toISOString();

interface Gap {
  readonly topic: { readonly deviceId: string };
  readonly state: string;
  readonly from: number;
  readonly to: number;
}

interface Report {
  readonly expected: number;
  readonly stored: number;
  readonly missing: number;
  readonly pending: number;
  readonly refused: number;
  readonly duplicates: number;
  readonly gaps: readonly Gap[];
  readonly reboots: readonly object[];
  readonly unnumbered: readonly string[];
  readonly unheard: readonly string[];
  readonly telegraf?: object;
  readonly brokerDropped?: number;
}

describe('openegiz archive audit, on a real InfluxDB', function () {
  this.timeout(60_000);
  let server: InfluxdbServer;
  let directory = '';
  let writer: Influx;
  let auditorToken = '';
  before(async function () {
    this.timeout(900_000);
    server = await InfluxdbServer.start();
    directory = mkdtempSync(join(tmpdir(), 'egiz-audit-'));
    const { tokens } = await setUpArchive({ url: server.url, directory });
    const token = (file: string) => readFileSync(file, 'utf8').trim();
    writer = new Influx({ url: server.url, token: token(tokens.telegraf) });
    auditorToken = token(tokens.auditor);
  });
  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Messages of one boot, one a second from `second` on: message 1 there is `first`. */
  function store(device: string, boot: number, numbers: readonly number[], second = 0): Promise<void> {
    const lines = numbers.map((seq) => telemetryPoint({ device }, boot, seq, at(second + seq)));
    return writer.write('openegiz', 'raw', lines.join('\n'));
  }

  const command = (...args: string[]) => [
    'archive',
    'audit',
    '--url',
    server.url,
    '--directory',
    directory,
    ...args,
  ];
  const audit = async (device: string, ...args: string[]) => {
    const { code, output } = await runCommand(
      command('--device', device, '--json', '--since', time(0), ...args),
    );
    return { code, ...(JSON.parse(output) as Report) };
  };

  it('ends with 0 when every number is there', async () => {
    await store('whole', 7, numbers(1, 600));
    should(await audit('whole')).match({
      code: 0,
      expected: 600,
      stored: 600,
      missing: 0,
      duplicates: 0,
      gaps: [],
      reboots: [],
    });
  });

  it('ends with 1 and names each gap with its board, numbers and times', async () => {
    await store('gapped', 7, [...numbers(1, 99), ...numbers(101, 700), ...numbers(711, 1500)]);
    const report = await audit('gapped');
    should(report).match({ code: 1, expected: 1500, stored: 1489, missing: 11, pending: 0 });
    should(report.gaps).match([
      {
        topic: { deviceId: 'gapped' },
        boot: 7,
        from: 100,
        to: 100,
        count: 1,
        after: time(99),
        before: time(101),
      },
      { from: 701, to: 710, count: 10, after: time(700), before: time(711), state: 'missing' },
    ]);
    const { code, output } = await runCommand(command('--device', 'gapped', '--since', time(0)));
    should(code).equal(1);
    output.should.containEql(
      `missing: factory-a/oven/gapped/electrical/gapped, boot 7, messages 701 to 710 (10), between ${time(700)} and ${time(711)}`,
    );
    output.should.containEql('11 messages are missing.');
  });

  it('sees a gap across the beginning of the period, and none before it', async () => {
    const report = await audit('gapped', '--since', time(705), '--until', time(1400));
    should(report).match({ code: 1, missing: 10, stored: 689 });
    should(report.gaps).have.length(1);
  });

  it('calls a gap pending whose next message is younger than the margin', async () => {
    should(await audit('gapped', '--margin', '1h')).match({ code: 0, missing: 0, pending: 11 });
  });

  it('takes in what came late', async () => {
    await store('gapped', 7, [100, ...numbers(701, 710)]);
    should(await audit('gapped')).match({ code: 0, stored: 1500, gaps: [] });
  });

  it('says what a reboot leaves open, and counts the beginning of a boot that is not there', async () => {
    await store('rebooted', 7, numbers(1, 50));
    await store('rebooted', 8, numbers(3, 60), 100);
    await store('rebooted', 11, numbers(1, 5), 300);
    const report = await audit('rebooted');
    should(report).match({ code: 1, stored: 113, missing: 2 });
    should(report.gaps).match([{ boot: 8, from: 1, to: 2, after: time(50), before: time(103) }]);
    should(report.reboots).match([
      { fromBoot: 7, lastSeq: 50, lastTime: time(50), toBoot: 8 },
      { fromBoot: 8, lastSeq: 60, toBoot: 11 },
    ]);
    const { output } = await runCommand(command('--device', 'rebooted', '--since', time(0)));
    output.should.containEql('what boot 8 sent after message 60 of');
    output.should.containEql('of 2 boots between nothing is stored');
  });

  it('sees a reboot after which the first stored number follows the last one before', async () => {
    await store('coincident', 1, numbers(1, 5));
    await store('coincident', 2, numbers(6, 9));
    should(await audit('coincident')).match({ code: 1, missing: 5, gaps: [{ boot: 2, from: 1, to: 5 }] });
  });

  it('counts a number once that is stored twice, and a message once that came twice', async () => {
    await store('twice', 7, numbers(1, 20));
    await store('twice', 7, numbers(5, 9));
    should(await audit('twice')).match({ stored: 20, duplicates: 0 });
    await store('twice', 7, [5, 6], 100);
    should(await audit('twice')).match({ code: 0, expected: 20, stored: 20, duplicates: 2 });
  });

  it('puts the series of one board together: a unit is a tag only where its quantity is', async () => {
    const lines = numbers(1, 40).map((seq) => {
      const line = telemetryPoint({ device: 'mixed' }, 7, seq, at(seq));
      return seq % 3 === 0 ? line.replace(',voltage_unit=V', '').replace('voltage_a=220.5,', '') : line;
    });
    await writer.write('openegiz', 'raw', lines.join('\n'));
    should(await audit('mixed')).match({ code: 0, stored: 40, duplicates: 0, gaps: [] });
  });

  it('lists boards that send no numbers as unprovable, and those of which nothing is stored', async () => {
    await writer.write('openegiz', 'raw', unnumberedPoint({ device: 'silent-type' }, at(3)));
    const inventory = join(directory, 'inventory.yaml');
    writeFileSync(inventory, INVENTORY);
    const { output } = await runCommand(command('--json', '--since', time(0), '--inventory', inventory));
    const report = JSON.parse(output) as Report;
    should(report.unnumbered).eql(['silent-type']);
    should(report.unheard).eql(['never-seen']);
  });

  it('tells refused messages, which are in the dead letters, from missing ones', async () => {
    await store('refused', 7, [1, 2, 5]);
    const payload = JSON.stringify(
      JSON.stringify({ device_id: 'refused', metadata: { boot_id: 7, seq: 3 }, timestamp: 'today' }),
    );
    const topic = '"openegiz/factory-a/oven/refused/electrical/telemetry"';
    const letter = `refused,reason=timestamp,sensor_type=electrical topic=${topic},payload=${payload} ${at(4)}000000`;
    await writer.write('openegiz', 'dead_letter', letter);
    should(await audit('refused')).match({ code: 1, expected: 5, stored: 3, refused: 1, missing: 1 });
    await store('refused', 7, [4]);
    should(await audit('refused')).match({ code: 0, refused: 1, missing: 0, gaps: [{ state: 'refused' }] });
  });

  it('adds what Telegraf says of itself', async () => {
    const telegraf = await serveText(
      'internal_write_metrics_rejected{output="influxdb_v2"} 3\ninternal_gather_errors 0\n',
    );
    const report = await audit(
      'whole',
      '--telegraf',
      `http://127.0.0.1:${(telegraf.address() as AddressInfo).port}`,
    );
    telegraf.close();
    should(report.telegraf).eql({ rejected: 3, errors: 0 });
  });

  it('adds what the broker has dropped', async () => {
    const broker = await startMosquitto({ conf: ['sys_interval 1'] });
    try {
      const { brokerDropped } = await audit('whole', '--broker', broker.url);
      should(brokerDropped).equal(0);
    } finally {
      await broker.close();
    }
  });

  const refused: [string, string[], number, string][] = [
    ['a device that is none', ['--device', 'a" or true'], 2, 'device'],
    ['a time that is none', ['--since', 'yesterday'], 2, 'RFC 3339'],
    ['a period that is empty', ['--since', '1h', '--until', '2h'], 1, 'nothing to audit'],
    ['a token that is not there', ['--token-file', '/nowhere'], 1, '/nowhere'],
    ['Telegraf, which is not there', ['--telegraf', 'http://127.0.0.1:9/metrics'], 1, 'Telegraf'],
  ];
  for (const [name, args, exit, words] of refused) {
    it(`says what is wrong with ${name}`, async () => {
      const { code, output } = await runCommand(command(...args));
      should(code).equal(exit, output);
      output.should.containEql(words);
    });
  }

  describe('as a service', () => {
    function auditor(device: string, said: string[] = []): Auditor {
      return new Auditor({
        influx: new Influx({ url: server.url, token: auditorToken }),
        scope: { org: 'openegiz', devices: [device] },
        period: 1_000 * SECOND_MS,
        margin: 60 * SECOND_MS,
        every: SECOND_MS,
        inventory: [device, 'never-seen'],
        say: (text) => said.push(text),
      });
    }
    const metrics = async ({ metrics: { registry } }: Auditor) => {
      const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('egiz_archive_'));
      return Object.fromEntries(
        lines.map((line) => {
          const [name = '', value] = line.split(' ');
          return [name.replace('egiz_archive_', ''), Number(value)];
        }),
      );
    };

    it('reads on, sees a gap come, go when late messages fill it, and leave with time', async () => {
      const said: string[] = [];
      const service = auditor('served', said);
      await store('served', 7, numbers(1, 500));
      await service.once(at(510));
      should(await metrics(service)).match({ expected_messages: 500, stored_messages: 500, gaps: 0 });
      await store('served', 7, numbers(511, 540));
      await service.once(at(560));
      should(await metrics(service)).match({ missing_messages: 0, pending_messages: 10, unheard_devices: 1 });
      await service.once(at(700));
      should(await metrics(service)).match({ missing_messages: 10, gaps: 1, pending_messages: 0 });
      await store('served', 7, numbers(501, 508));
      await service.once(at(760));
      should(await metrics(service)).match({ missing_messages: 2, stored_messages: 538, audit_failed: 0 });
      await service.once(at(1_700));
      should(await metrics(service)).match({ missing_messages: 0, gaps: 0 });
      should(said).eql([
        'nothing is missing',
        '10 messages are missing in 1 gaps',
        '2 messages are missing in 1 gaps',
        'nothing is missing',
      ]);
    });

    it('says and counts an audit that cannot be done, and goes on when it can', async () => {
      const said: string[] = [];
      const service = auditor('served', said);
      await server.stop();
      await service.once(at(700));
      should(await metrics(service)).match({ audit_failed: 1 });
      should(said[0]).match(/The audit failed: InfluxDB at .*ECONNREFUSED/);
      await server.run();
      await service.once(at(700));
      should(await metrics(service)).match({ audit_failed: 0, missing_messages: 2 });
    });

    it('serves its metrics, the tasks’ among them, until it is told to stop', async () => {
      const running = new RunningCommand(command('--every', '1s', '--metrics-port', '0'));
      try {
        await eventually(
          () => /missing/.test(running.output),
          20_000,
          () => running.output,
        );
        const url = /Metrics: (\S+)/.exec(running.output)?.[1] ?? '';
        const text = await (await fetch(url)).text();
        text.should.match(/^egiz_archive_last_audit_timestamp_seconds \d+/m);
        text.should.match(/^egiz_archive_task_failed\{task="openegiz-downsample-recent"\} 0$/m);
      } finally {
        running.kill('SIGTERM');
      }
      should((await running.ended).code).equal(0);
    });
  });
});

const INVENTORY = `tenants: [{ id: acme, clients: [] }]
factories:
  - id: factory-a
    tenant: acme
    equipment:
      - id: oven-001
        type: oven
        devices:
          - { id: whole, sensor: electrical }
          - { id: silent-type, sensor: thermal }
          - { id: never-seen, sensor: environmental }
`;

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

async function serveText(text: string): Promise<Server> {
  const server = createServer((_, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
