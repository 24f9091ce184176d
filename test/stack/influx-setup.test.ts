import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { Influx } from '../../lib/archive/influx';
import { InfluxdbServer } from '../support/influxdb';
import { runCommand } from '../support/running-stack';

const NOW_NS = `${Date.now()}000000`;

describe('openegiz archive setup, on a real InfluxDB', function () {
  this.timeout(60_000);
  let server: InfluxdbServer;
  let directory = '';
  before(async function () {
    // Builds the server where there is none.
    this.timeout(900_000);
    server = await InfluxdbServer.start();
    directory = mkdtempSync(join(tmpdir(), 'egiz-archive-'));
  });
  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const setup = (...args: string[]) =>
    runCommand(['archive', 'setup', '--url', server.url, '--directory', directory, ...args]);
  const changesOf = async (...args: string[]) => {
    const { code, output } = await setup('--json', ...args);
    should(code).equal(0, output);
    const { changes } = JSON.parse(output) as { changes: { kind: string; name: string; what: string }[] };
    return changes.map(({ kind, name, what }) => `${kind} ${name}: ${what}`);
  };
  const token = (name: string) => readFileSync(join(directory, `influx-${name}-token`), 'utf8').trim();
  const as = (name: string) => new Influx({ url: server.url, token: token(name) });
  const admin = () => as('admin');
  const bucket = async (name: string) => {
    const { buckets } = await admin().call<{ buckets: { id: string; retentionRules: object[] }[] }>(
      'GET',
      `/api/v2/buckets?name=${name}`,
    );
    return buckets[0];
  };

  it('says in a dry run what it would do, and does nothing', async () => {
    const changes = await changesOf('--dry-run');
    should(changes[0]).equal(`server ${server.url}: set up`);
    should(changes).have.length(10);
    should(readdirSync(directory)).be.empty();
    const { allowed } = await new Influx({ url: server.url }).call<{ allowed: boolean }>(
      'GET',
      '/api/v2/setup',
    );
    should(allowed).be.true();
  });

  it('sets up a server that nobody has set up yet, and shows no secret', async () => {
    const { code, output } = await setup();
    should(code).equal(0, output);
    for (const name of [
      'admin-token',
      'admin-password',
      'telegraf-token',
      'grafana-token',
      'auditor-token',
    ]) {
      const file = join(directory, `influx-${name}`);
      should(statSync(file).mode & 0o777).equal(0o600);
      output.should.not.containEql(readFileSync(file, 'utf8').trim());
    }
  });

  it('keeps raw data 90 days, figures a year, what was refused 30 days (NFR-7)', async () => {
    for (const [name, days] of [
      ['raw', 90],
      ['downsampled', 365],
      ['dead_letter', 30],
    ] as const) {
      should((await bucket(name))?.retentionRules).match([{ type: 'expire', everySeconds: days * 86_400 }]);
    }
  });

  it('changes nothing the second time', async () => {
    const before = token('telegraf');
    should(await changesOf()).be.empty();
    should(token('telegraf')).equal(before);
  });

  const write = (name: string, into: string) =>
    as(name).write('openegiz', into, `attempt by="${name}" ${NOW_NS}`);
  const read = async (name: string, from: string) => {
    for await (const _ of as(name).query('openegiz', `from(bucket: "${from}") |> range(start: -1h)`));
  };
  const rights: Readonly<Record<string, readonly string[]>> = {
    telegraf: [],
    grafana: ['raw', 'downsampled'],
    auditor: ['raw', 'dead_letter'],
  };
  for (const [name, readable] of Object.entries(rights)) {
    it(`lets ${name} read ${readable.join(' and ') || 'nothing'}`, async () => {
      for (const from of ['raw', 'downsampled', 'dead_letter', '_tasks']) {
        if (readable.includes(from)) await read(name, from);
        else await should(read(name, from)).be.rejectedWith(/not found|unauthorized|could not find bucket/);
      }
    });
    const writable = name === 'telegraf' ? ['raw', 'dead_letter'] : [];
    it(`lets ${name} write ${writable.join(' and ') || 'nothing'}`, async () => {
      for (const into of ['raw', 'downsampled', 'dead_letter']) {
        if (writable.includes(into)) await write(name, into);
        else await should(write(name, into)).be.rejectedWith({ code: /INFLUX_(UNAUTHORIZED|NOT_FOUND)/ });
      }
    });
    it(`lets ${name} change neither tasks nor tokens nor the figures`, async () => {
      const { tasks } = await admin().call<{ tasks: { id: string }[] }>('GET', '/api/v2/tasks');
      const refused = /unauthorized|not found/;
      const task = `/api/v2/tasks/${tasks[0]?.id}`;
      await should(as(name).call('PATCH', task, { status: 'inactive' })).be.rejectedWith(refused);
      await should(
        as(name).call('DELETE', `/api/v2/buckets/${(await bucket('downsampled'))?.id}`),
      ).be.rejectedWith(refused);
      const { authorizations } = await as(name).call<{ authorizations: object[] }>(
        'GET',
        '/api/v2/authorizations',
      );
      should(authorizations).be.empty();
    });
  }

  it('mends what deviates: retention, task, token, and a file that is gone', async () => {
    const id = (await bucket('downsampled'))?.id;
    await admin().call('PATCH', `/api/v2/buckets/${id}`, {
      retentionRules: [{ type: 'expire', everySeconds: 604_800 }],
    });
    const { tasks } = await admin().call<{ tasks: { id: string; name: string }[] }>('GET', '/api/v2/tasks');
    const recent = tasks.find(({ name }) => name === 'openegiz-downsample-recent');
    await admin().call('PATCH', `/api/v2/tasks/${recent?.id}`, { status: 'inactive' });
    const { authorizations } = await admin().call<{ authorizations: { id: string; description: string }[] }>(
      'GET',
      '/api/v2/authorizations',
    );
    const auditor = authorizations.find(({ description }) => description === 'openegiz auditor');
    await admin().call('PATCH', `/api/v2/authorizations/${auditor?.id}`, { status: 'inactive' });
    rmSync(join(directory, 'influx-grafana-token'));
    should(await changesOf()).eql([
      'bucket downsampled: 365 days, was 7 days',
      'task openegiz-downsample-recent: switched on',
      `file ${join(directory, 'influx-grafana-token')}: written`,
      'token auditor: made anew, its rights were others',
      'token auditor: an older one taken away',
    ]);
    await read('auditor', 'raw');
    await read('grafana', 'raw');
    should(await changesOf()).be.empty();
  });

  it('does not shorten a retention, which deletes data, unless it is told to', async () => {
    await admin().call('PATCH', `/api/v2/buckets/${(await bucket('raw'))?.id}`, {
      retentionRules: [{ type: 'expire', everySeconds: 0 }],
    });
    const { code, output } = await setup();
    should(code).equal(1);
    output.should.containEql('Bucket raw keeps what it has for ever').and.containEql('--shorten');
    should(await changesOf('--shorten')).eql(['bucket raw: 90 days, was for ever']);
  });

  it('works beside what others have set up, in an organisation of its own', async () => {
    const other = mkdtempSync(join(tmpdir(), 'egiz-archive-'));
    try {
      const file = join(other, 'their-token');
      writeFileSync(file, token('admin'));
      const { code, output } = await runCommand([
        ...['archive', 'setup', '--url', server.url, '--directory', other, '--org', 'plant-2'],
        ...['--admin-token-file', file],
      ]);
      should(code).equal(0, output);
      output.should.containEql('organisation plant-2: made');
      should(existsSync(join(other, 'influx-admin-token'))).be.false();
      const telegraf = readFileSync(join(other, 'influx-telegraf-token'), 'utf8').trim();
      const influx = new Influx({ url: server.url, token: telegraf });
      await influx.write('plant-2', 'raw', `attempt by="other" ${NOW_NS}`);
      await should(influx.write('openegiz', 'raw', `attempt by="other" ${NOW_NS}`)).be.rejected();
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  const refused: [string, string[], number, string][] = [
    ['no address', ['--url', 'influx'], 1, 'is not the address of an InfluxDB'],
    ['a password in the address', ['--url', 'http://a:b@127.0.0.1:1'], 1, 'contains a password'],
    ['an address that is reached without encryption', ['--url', 'http://influx.example'], 1, 'https://'],
    ['a server that is not there', ['--url', 'http://127.0.0.1:9'], 1, 'ECONNREFUSED'],
    ['an administrator’s token that is not there', ['--admin-token-file', '/nowhere'], 1, '/nowhere'],
    ['an option that is none', ['--delete'], 2, '--delete'],
  ];
  for (const [name, args, exit, words] of refused) {
    it(`says what is wrong with ${name}`, async () => {
      const { code, output } = await setup(...args);
      should(code).equal(exit, output);
      output.should.containEql(words);
    });
  }

  it('says that a token lacks the rights for it', async () => {
    const { code, output } = await setup('--admin-token-file', join(directory, 'influx-grafana-token'));
    should(code).equal(1, output);
    output.should.match(/denies|refuses/);
  });
});
