import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import type { Ready } from '../../cli/stack/ready';
import { Influx } from '../../lib/archive/influx';
import {
  eventually,
  Homes,
  isAlive,
  RunningCommand,
  type RunningStack,
  runCommand,
} from '../support/running-stack';

/** The archive as `openegiz start` brings it up. */
describe('openegiz start --with archive', function () {
  this.timeout(180_000);
  const homes = new Homes();
  let home = '';
  let stack: RunningStack;
  let ready: Ready;
  // Found on the machine, or built by the first who asks.
  const start = () => homes.start(home, ['--with', 'archive', '--clients', '0']);
  before(async () => {
    home = homes.make();
    stack = start();
    ready = await stack.untilReady(170_000);
  });
  after(() => homes.cleanUp());

  /** Points of each measurement since a moment, as the token of ready.json lets see them. */
  async function points(since: Date): Promise<ReadonlyMap<string, number>> {
    const { influx } = ready;
    if (influx === undefined) throw new Error('ready.json has no archive');
    const client = new Influx({ url: influx.url, token: readFileSync(influx.tokenFile, 'utf8').trim() });
    const flux = `from(bucket: "${influx.bucket}") |> range(start: ${since.toISOString()})
      |> count() |> group(columns: ["_measurement"]) |> sum()`;
    const found = new Map<string, number>();
    for await (const row of client.query(influx.org, flux)) {
      found.set(row.get('_measurement'), Number(row.get('_value')));
    }
    return found;
  }
  async function appear(measurements: readonly string[], since: Date): Promise<void> {
    let found: ReadonlyMap<string, number> = new Map();
    for (const end = Date.now() + 30_000; !measurements.every((name) => found.has(name)); ) {
      if (Date.now() > end)
        throw new Error(`only ${[...found.keys()]} of ${measurements}: ${stack.command.output}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      found = await points(since).catch(() => found);
    }
  }
  const service = (name: string) => stack.ready().services[name];

  it('archives what the boards publish, and says where', async () => {
    await appear(['electrical', 'thermal', 'environmental', 'status'], new Date(0));
    stack.command.output.should.match(/Archive +http:\/\/127\.0\.0\.1:\d+ /);
    should(ready.services).have.properties(['influxdb', 'telegraf', 'auditor']);
  });

  it('audits what it archives, and tells Prometheus', async () => {
    const url = `http://127.0.0.1:${service('auditor')?.port}/metrics`;
    let text = '';
    for (const end = Date.now() + 20_000; !/^egiz_archive_audit_failed 0$/m.test(text); ) {
      if (Date.now() > end) throw new Error(`not audited: ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      text = await (await fetch(url)).text();
    }
    text.should.match(/^egiz_archive_missing_messages 0$/m);
  });

  it('keeps tokens where only their owner reads them, and shows none', () => {
    const token = readFileSync(join(home, 'archive/influx-telegraf-token'), 'utf8');
    token.should.match(/^\S{30,}$/);
    for (const file of [
      'archive/telegraf/telegraf.conf',
      'logs/telegraf.log',
      'logs/openegiz.log',
      'ready.json',
    ]) {
      readFileSync(join(home, file), 'utf8').should.not.containEql(token);
    }
    stack.command.output.should.not.containEql(token);
  });

  for (const name of ['influxdb', 'telegraf']) {
    it(`starts ${name} again when it dies, and goes on archiving`, async () => {
      const before = service(name)?.pid ?? 0;
      process.kill(before, 'SIGKILL');
      await eventually(
        () => ![0, before].includes(service(name)?.pid ?? 0),
        15_000,
        () => stack.command.output,
      );
      stack.command.output.should.containEql(`${name} was ended by SIGKILL`);
      await appear(['electrical', 'thermal', 'environmental'], new Date());
    });
  }

  it('goes on with the same data after a SIGKILL, and leaves nothing of it running', async () => {
    const pids = ['influxdb', 'telegraf'].map((name) => service(name)?.pid ?? 0);
    const before = await points(new Date(0));
    await stack.stop('SIGKILL');
    stack = start();
    ready = await stack.untilReady(60_000);
    for (const pid of pids) isAlive(pid).should.equal(false);
    const after = await points(new Date(0));
    for (const [measurement, count] of before) (after.get(measurement) ?? 0).should.be.aboveOrEqual(count);
  });

  it('stops within 10 s (SPEC 6)', async () => {
    const { code, ms } = await stack.stop();
    should(code).equal(0);
    ms.should.be.below(10_000);
  });

  it('says in one line what is missing, and does without', async () => {
    const other = homes.make();
    const command = new RunningCommand(['start', '--home', other, '--clients', '0', '--boards', 'none'], {
      XDG_CACHE_HOME: join(other, 'cache'),
      PATH: ['/usr/sbin', '/usr/bin', '/bin'].join(':'),
    });
    await eventually(
      () => /is up\. Ctrl-C/.test(command.output),
      60_000,
      () => command.output,
    );
    command.kill('SIGTERM');
    const { code, output } = await command.ended;
    should(code).equal(0);
    output
      .split('\n')
      .filter((line) => line.includes('Nothing is archived'))
      .should.match([/Telegraf \(1\.38 or newer\) and InfluxDB .* missing\. .*--with archive/]);
    output.should.not.match(/Archive {5}/);
  });

  it('refuses to be both', async () => {
    const { code, output } = await runCommand(['start', '--with', 'archive', '--without', 'archive']);
    should(code).equal(2);
    output.should.match(/--with.*cannot be used with.*--without/);
  });
});
