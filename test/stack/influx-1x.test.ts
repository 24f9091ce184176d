import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { provideTelegraf } from '../../lib/programs/provide';
import { InfluxdbServer1x, type QueryAnswer } from '../support/influxdb-1x';
import { ROOT } from '../support/node-red';

const SETUP = readFileSync(join(ROOT, 'telegraf/influxdb/1.x/setup.influxql'), 'utf8');
const OUTPUTS = readFileSync(join(ROOT, 'telegraf/influxdb/1.x/telegraf-outputs.conf'), 'utf8');
const TELEGRAF = ['telegraf', 'CHANGE-ME-TELEGRAF'] as const;
const GRAFANA = ['grafana', 'CHANGE-ME-GRAFANA'] as const;
const MINUTE = Math.floor(Date.now() / 60_000 - 10) * 60;

function errorsOf({ results }: QueryAnswer): string[] {
  return results.flatMap(({ error }) => error ?? []);
}

describe('the archive in an InfluxDB 1, on Debian’s 1.6', function () {
  this.timeout(60_000);
  let server: InfluxdbServer1x;
  before(async function () {
    // Unpacks the server and builds Telegraf where they are not there yet.
    this.timeout(600_000);
    await provideTelegraf(console.log);
    server = await InfluxdbServer1x.start();
  });
  after(() => server.close());

  /** The rows of a query, by column. */
  async function rows(query: string): Promise<Record<string, unknown>[]> {
    const answer = await server.query(query);
    should(errorsOf(answer)).be.empty();
    return (answer.results[0]?.series ?? []).flatMap(({ columns, values }) =>
      values.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
    );
  }

  function write(lines: string, [user, password]: readonly [string, string]): Promise<Response> {
    const where = new URLSearchParams({ db: 'openegiz', rp: 'raw', precision: 's', u: user, p: password });
    return fetch(`${server.url}/write?${where}`, { method: 'POST', body: lines });
  }

  it('is set up by one file, which may be repeated', async () => {
    should(errorsOf(await server.query(SETUP))).be.empty();
    should(errorsOf(await server.query(SETUP))).be.empty();
    should(await rows('SHOW RETENTION POLICIES ON openegiz')).match([
      { name: 'raw', duration: '2160h0m0s', default: true },
      { name: 'downsampled', duration: '8760h0m0s' },
      { name: 'dead_letter', duration: '720h0m0s' },
    ]);
    should((await rows('SHOW CONTINUOUS QUERIES')).map(({ name }) => name)).containDeep([
      'downsample_recent',
      'downsample_day',
    ]);
  });

  it('lets Telegraf only write and Grafana only read', async () => {
    const lines = [0, 20, 40].map(
      (second, n) =>
        `thermal,device_id=a setpoint=${190 + n},heating_active=${n === 0},firmware_version="1" ${MINUTE + second}`,
    );
    should((await write(lines.join('\n'), TELEGRAF)).status).equal(204);
    should((await write('thermal setpoint=1 1', GRAFANA)).status).equal(403);
    const query = 'SELECT count(setpoint) FROM openegiz.raw.thermal';
    should((await server.query(query, ...GRAFANA)).results[0]?.series?.[0]?.values[0]?.[1]).equal(3);
    const denied = await server.query(query, ...TELEGRAF).then(errorsOf, (fault: Error) => [fault.message]);
    should(denied.join()).match(/not authorized/);
  });

  it('sums up mean, min, max and count a minute, as its continuous queries say', async () => {
    const selects = [...SETUP.matchAll(/SELECT[\s\S]*?(?=GROUP BY)/g)].map(([select]) => select);
    should(selects).have.length(2);
    for (const select of selects) {
      const when = `time >= ${MINUTE}s AND time < ${MINUTE + 60}s`;
      should(await rows(`${select} WHERE ${when} GROUP BY time(1m), *`)).match([{ written: 1 }]);
      should(await rows('SELECT * FROM openegiz.downsampled.thermal')).match([
        {
          time: new Date(MINUTE * 1000).toISOString().replace('.000', ''),
          device_id: 'a',
          mean_setpoint: 191,
          min_setpoint: 190,
          max_setpoint: 192,
          count_setpoint: 3,
          min_heating_active: false,
          max_heating_active: true,
        },
      ]);
    }
  });

  it('is written to by Telegraf with the outputs for it', async () => {
    const secrets = join(server.directory, 'secrets');
    mkdirSync(secrets);
    writeFileSync(join(secrets, 'influx_password'), TELEGRAF[1], { mode: 0o600 });
    const file = join(server.directory, 'telegraf.conf');
    writeFileSync(file, `${INPUT}${OUTPUTS}`);
    const { status, stderr } = spawnSync(await provideTelegraf(console.log), ['--config', file, '--once'], {
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...process.env, EGIZ_INFLUX_URL: server.url, EGIZ_SECRETS: secrets },
    });
    should(status).equal(0, stderr);
    should(await rows('SELECT * FROM openegiz.raw.electrical')).have.length(1);
    should(await rows('SELECT * FROM openegiz.dead_letter.refused')).have.length(1);
  });
});

/** The store of secrets as telegraf.conf has it, and two points of Telegraf's own. */
const INPUT = `[[secretstores.docker]]
  id = "files"
  path = "\${EGIZ_SECRETS}"
[[inputs.internal]]
  name_override = "electrical"
  fieldinclude = ["num_gc"]
[[inputs.internal]]
  name_override = "refused"
  fieldinclude = ["num_gc"]
`;
