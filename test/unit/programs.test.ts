import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { provideInfluxdb, provideTelegraf } from '../../lib/programs/provide';

describe('how Telegraf and InfluxDB are had', () => {
  let directory = '';
  let said: string[] = [];
  const say = (text: string) => said.push(text);
  beforeEach(() => {
    said = [];
    directory = mkdtempSync(join(tmpdir(), 'egiz-programs-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const at = (...names: string[]) => join(directory, ...names);
  const script = (folder: string, name: string, ...lines: string[]) => {
    mkdirSync(at(folder), { recursive: true });
    writeFileSync(at(folder, name), ['#!/bin/sh', ...lines, ''].join('\n'));
    chmodSync(at(folder, name), 0o755);
    return at(folder, name);
  };
  const environment = (...folders: string[]) => ({
    PATH: [...folders.map((name) => at(name)), '/usr/bin', '/bin'].join(':'),
    XDG_CACHE_HOME: at('cache'),
  });
  /** A `go` that writes what it is asked for, and how often. */
  const go = (...lines: string[]) =>
    script('tools', 'go', `echo "$@" >> ${at('asked')}`, ...lines, 'echo built > "$GOBIN/telegraf"');

  it('takes the first on the PATH that is new enough', async () => {
    script('old', 'telegraf', 'echo Telegraf 1.24.4');
    script('broken', 'telegraf', 'exit 3');
    const good = script('new', 'telegraf', 'echo "Telegraf 1.40.0 (git: HEAD@1)"');
    should(await provideTelegraf(say, environment('old', 'broken', 'new'))).equal(good);
    said.should.eql([]);
  });

  it("does not take Debian's InfluxDB 1 or InfluxDB 3 for InfluxDB 2", async () => {
    script('debian', 'influxd', 'echo "InfluxDB v1.6.7~rc0 (git: unknown unknown)"');
    script('three', 'influxd', 'echo "influxd 3.1.0"');
    const good = script('two', 'influxd', 'echo "InfluxDB v2.7.12 (git: ec9dcde5d6) build_date: now"');
    should(await provideInfluxdb(say, environment('debian', 'three', 'two'))).equal(good);
  });

  it('builds it into the cache, once for all who ask at the same time', async () => {
    go('sleep 0.2');
    const asked = [1, 2, 3].map(() => provideTelegraf(say, environment('tools')));
    const [first, ...others] = await Promise.all(asked);
    should(first).match(/\/cache\/openegiz\/telegraf-[0-9a-f]{16}\/telegraf$/);
    others.should.eql([first, first]);
    readFileSync(first ?? '', 'utf8').should.equal('built\n');
    should(await provideTelegraf(say, environment('tools'))).equal(first);
    const lines = readFileSync(at('asked'), 'utf8').trim().split('\n');
    lines.should.have.length(1);
    lines[0]?.should.match(/^install .*inputs\.mqtt_consumer.* github\.com\/.*@v1\.39\.3$/);
    said.filter((line) => line.startsWith('Building Telegraf 1.39.3')).should.have.length(1);
  });

  it('goes on where a build that was killed has left its claim', async () => {
    go();
    const path = await provideTelegraf(say, environment('tools'));
    const folder = join(path, '..');
    rmSync(folder, { recursive: true });
    writeFileSync(`${folder}.lock`, JSON.stringify({ pid: 1_073_741_824, startedAt: 'gone' }));
    should(await provideTelegraf(say, environment('tools'))).equal(path);
    existsSync(`${folder}.lock`).should.equal(false);
  });

  it('says what a build lacks and what to do', async () => {
    const empty = { PATH: at('nowhere'), XDG_CACHE_HOME: at('cache') };
    const fault = await provideInfluxdb(say, empty).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    should(fault).have.properties({ code: 'PROGRAM_MISSING' });
    should(String(fault)).match(/InfluxDB is not on the PATH \(2\.7 or newer .*: go, cargo, gcc, pkg-config/);
    should(fault)
      .have.propertyByPath('cause', 'mend')
      .match(/apt-get install gcc pkg-config; install Go 1\.21/);
  });

  it('says why a build failed, keeps its output, and leaves nothing half done', async () => {
    go('echo "go: downloading much"', 'echo "telegraf.go:1: no such thing" >&2', 'exit 1');
    const fault = await provideTelegraf(say, environment('tools')).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    should(fault).have.properties({ code: 'PROGRAM_BUILD_FAILED' });
    should(String(fault)).match(/could not be built: telegraf\.go:1: no such thing$/);
    const mend = String((fault as { cause: { mend: string } }).cause.mend);
    const log = /in (\S+\.log)\./.exec(mend)?.[1] ?? '';
    readFileSync(log, 'utf8').should.match(/downloading much/);
    go();
    existsSync(await provideTelegraf(say, environment('tools'))).should.equal(true);
    existsSync(log).should.equal(false);
  });
});
