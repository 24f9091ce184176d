import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { Influx } from '../../lib/archive/influx';
import { archiveTasks } from '../../lib/archive/layout';
import { setUpArchive } from '../../lib/archive/setup';
import { type TaskState, taskStates } from '../../lib/archive/task-states';
import { InfluxdbServer } from '../support/influxdb';
import { delay } from '../support/mosquitto';
import { readTestcases, TESTCASES } from '../support/testcases';

const MINUTE_MS = 60_000;
/** A whole minute, long enough ago for every reach of a task to be over. */
const M0 = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 60 * 3_600_000;
const TAGS =
  'factory_id=factory-a,equipment_type=oven,equipment_id=oven-001,device_id=esp32-oven001,thing_id=factory:oven-001';

/** Line protocol at `seconds` after the first minute began. */
function point(measurement: string, tags: string, fields: string, seconds: number): string {
  return `${measurement},${TAGS},sensor_type=${measurement}${tags} ${fields} ${M0 + seconds * 1000}000000`;
}

describe('the tasks of the archive, on a real InfluxDB', function () {
  this.timeout(60_000);
  let server: InfluxdbServer;
  let directory = '';
  let influx: Influx;
  before(async function () {
    this.timeout(900_000);
    server = await InfluxdbServer.start();
    directory = mkdtempSync(join(tmpdir(), 'egiz-tasks-'));
    await setUpArchive({ url: server.url, directory });
    const token = readFileSync(join(directory, 'influx-admin-token'), 'utf8').trim();
    influx = new Influx({ url: server.url, token });
    await seed();
  });
  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const write = (...lines: string[]) => influx.write('openegiz', 'raw', lines.join('\n'));

  async function taskId(name: string): Promise<string> {
    const path = `/api/v2/tasks?name=${name}`;
    const { tasks } = await influx.call<{ tasks: { id: string }[] }>('GET', path);
    return tasks[0]?.id ?? '';
  }

  /** Runs a task as of a time; resolves with how it ended. */
  async function runTask(name: string, time: number): Promise<string> {
    const runs = `/api/v2/tasks/${await taskId(name)}/runs`;
    const scheduledFor = new Date(time).toISOString();
    const { id } = await influx.call<{ id: string }>('POST', runs, { scheduledFor });
    for (;;) {
      const run = await influx.find<{ status: string }>(`${runs}/${id}`);
      if (run !== undefined && !['scheduled', 'started'].includes(run.status)) return run.status;
      await delay(100);
    }
  }

  /** What the downsampled bucket has of a measurement at a minute: `zone field` -> value. */
  async function figures(measurement: string, minute: number): Promise<Record<string, number | string>> {
    const start = new Date(M0 + minute * MINUTE_MS).toISOString();
    const flux = `from(bucket: "downsampled") |> range(start: ${start}, stop: ${new Date(Date.parse(start) + 1).toISOString()})
      |> filter(fn: (r) => r._measurement == "${measurement}")`;
    const found: [string, number | string][] = [];
    for await (const row of influx.query('openegiz', flux)) {
      const value = row.get('_value');
      const name = `${row.get('zone')} ${row.get('_field')}`.trim();
      found.push([name, Number.isNaN(Number(value)) ? value : Number(value)]);
    }
    should(new Set(found.map(([name]) => name)).size).equal(found.length);
    return Object.fromEntries(found);
  }

  const METADATA = (seq: number) =>
    `boot_id=7i,seq=${seq}i,rssi=-6${seq % 10}i,uptime_seconds=${seq}i,firmware_version="1.2.${seq % 10}"`;

  async function seed(): Promise<void> {
    await write(
      ...[0, 1, 2].map((n) =>
        point(
          'electrical',
          ',voltage_unit=V',
          `voltage_a=${220 + n},power_factor=0.9${n},${METADATA(n + 1)}`,
          n * 20,
        ),
      ),
      point('electrical', ',voltage_unit=V', `voltage_a=230,${METADATA(4)}`, 60),
      ...[1, 2].map((zone) => point('thermal', `,zone=${zone},unit=C`, `temperature=${100 * zone}.5`, 5)),
      ...[0, 1, 2, 3].map((n) =>
        point('thermal', '', `setpoint=190,heating_active=${n === 0},${METADATA(n + 1)}`, n * 10),
      ),
      point('environmental', ',humidity_unit=%RH', `humidity=55.5,quality="{}",${METADATA(1)}`, 1),
      point('status', '', 'status="online",free_heap=45000i,diagnostics_dropped=1', 1),
      point('status', '', 'status="offline",free_heap=44000i,diagnostics_dropped=2', 31),
    );
  }

  it('sum up mean, min, max and count a minute of every number of every series', async () => {
    should(await runTask('openegiz-downsample-recent', M0 + 2 * MINUTE_MS)).equal('success');
    should(await figures('electrical', 0)).match({
      voltage_a_mean: 221,
      voltage_a_min: 220,
      voltage_a_max: 222,
      voltage_a_count: 3,
      power_factor_count: 3,
      rssi_min: -63,
      rssi_max: -61,
      seq_max: 3,
      boot_id_mean: 7,
      uptime_seconds_max: 3,
    });
    should(await figures('electrical', 1)).match({ voltage_a_mean: 230, voltage_a_count: 1 });
    should(await figures('thermal', 0)).match({
      '1 temperature_mean': 100.5,
      '2 temperature_max': 200.5,
      setpoint_count: 4,
    });
    should(await figures('environmental', 0)).match({ humidity_mean: 55.5 });
  });

  it('give of a switch the part of the time it was on, of a text the last', async () => {
    const thermal = await figures('thermal', 0);
    should(thermal).match({ heating_active_fraction: 0.25, firmware_version_last: '1.2.4' });
    should(thermal).not.have.property('heating_active_mean');
    should(await figures('environmental', 0)).match({ quality_last: '{}' });
    should(await figures('status', 0)).eql({
      free_heap_mean: 44_500,
      free_heap_min: 44_000,
      free_heap_max: 45_000,
      free_heap_count: 2,
      diagnostics_dropped_mean: 1.5,
      diagnostics_dropped_min: 1,
      diagnostics_dropped_max: 2,
      diagnostics_dropped_count: 2,
      status_last: 'offline',
    });
  });

  it('cope with every field that Telegraf makes of a message', async () => {
    const minute = 30;
    const points = goldenPoints(`${M0 + minute * MINUTE_MS}000000`);
    should(points.length).be.above(10);
    await write(...points);
    should(await runTask('openegiz-downsample-recent', M0 + (minute + 1) * MINUTE_MS)).equal('success');
    const fields = new Set<string>();
    const start = new Date(M0 + minute * MINUTE_MS).toISOString();
    for await (const row of influx.query(
      'openegiz',
      `from(bucket: "downsampled") |> range(start: ${start}) |> keep(columns: ["_field"]) |> distinct(column: "_field")`,
    )) {
      fields.add(row.get('_value'));
    }
    should([...fields].filter((name) => /\.text_last$/.test(name))).not.be.empty();
    should([...fields].filter((name) => /\.flag_fraction$/.test(name))).not.be.empty();
    should([...fields].filter((name) => /\.(text|flag)_mean$/.test(name))).be.empty();
  });

  it('leave everything as it is when they run again', async () => {
    const before = [await figures('electrical', 0), await figures('thermal', 0)];
    await runTask('openegiz-downsample-recent', M0 + 2 * MINUTE_MS);
    should([await figures('electrical', 0), await figures('thermal', 0)]).eql(before);
  });

  it('do not touch a minute that their reach begins or ends within', async () => {
    const before = await figures('electrical', 0);
    await runTask('openegiz-downsample-recent', M0 + 16 * MINUTE_MS + 30_000);
    await runTask('openegiz-downsample-recent', M0 + 30_000);
    should(await figures('electrical', 0)).eql(before);
  });

  for (const [name, hours] of [
    ['openegiz-downsample-hour', 2],
    ['openegiz-downsample-day', 47],
  ] as const) {
    it(`${name} takes in what came up to ${hours} hours late`, async () => {
      const late = hours * 10;
      await write(point('electrical', ',voltage_unit=V', `voltage_a=${late}`, 50 + hours / 10));
      const before = await figures('electrical', 0);
      should(before.voltage_a_min).not.equal(late);
      should(await runTask(name, M0 + hours * 3_600_000)).equal('success');
      const after = await figures('electrical', 0);
      should(after.voltage_a_count).equal(Number(before.voltage_a_count) + 1);
      should([after.voltage_a_min, after.voltage_a_max]).containEql(late);
    });
  }

  it('fail visibly, with the reason (egiz_archive_task_failed)', async () => {
    should((await taskStates(influx, 'openegiz')).filter(({ failed }) => failed)).be.empty();
    const id = await taskId('openegiz-downsample-hour');
    const flux = archiveTasks()[1]?.flux.replaceAll('"downsampled"', '"gone"');
    await influx.call('PATCH', `/api/v2/tasks/${id}`, { flux });
    should(await runTask('openegiz-downsample-hour', M0 + 3_600_000)).equal('failed');
    // The task is told the end of its run a moment after the run has it.
    let failed: TaskState[] = [];
    for (const end = Date.now() + 10_000; failed.length === 0 && Date.now() < end; await delay(100)) {
      failed = (await taskStates(influx, 'openegiz')).filter((task) => task.failed);
    }
    should(failed).have.length(1);
    should(failed[0]).match({ name: 'openegiz-downsample-hour', reason: /gone/ });
  });
});

/** The points of the sensors' measurements in the golden files of Telegraf, all at one time, each of a board of its own. */
function goldenPoints(time: string): string[] {
  return readTestcases().flatMap(({ name }) =>
    readFileSync(join(TESTCASES, name, 'expected.lp'), 'utf8')
      .split('\n')
      .filter((line) => /^(electrical|thermal|environmental|status),/.test(line))
      .map((line) =>
        line.replace(/device_id=[\w-]+/, `device_id=${name}`).replace(/ (\d+|NOW)$/, ` ${time}`),
      ),
  );
}
