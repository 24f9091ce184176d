import { setTimeout as delay } from 'node:timers/promises';
import should from 'should';
import type { MqttLink } from '../../lib/mqtt/link';
import { ArchiveChain } from '../support/archive-chain';

const BOARDS = 3;
const OVEN = 'openegiz/factory-a/oven/oven-0';
const RECENTLY = '|> range(start: -2d)';
const DAY_MS = 86_400_000;

type Telemetry = Readonly<Record<string, unknown>>;

/** Telegraf as it is shipped between a real broker, with its account and certificate, and a real InfluxDB. */
describe('the archive in operation', function () {
  this.timeout(180_000);
  let chain: ArchiveChain;
  const links = new Map<string, MqttLink>();
  before(async () => {
    chain = await ArchiveChain.start(BOARDS);
    for (const kind of ['electrical', 'thermal'])
      links.set(kind, await chain.broker.login(`board-0-${kind}`));
  });
  after(() => chain.close());

  const begin = Date.now() - 600_000;
  let seq = 0;
  /** Each a millisecond later than the one before. */
  const frequency = (more: Telemetry = {}) => {
    seq += 1;
    return {
      device_id: 'board-0-electrical',
      thing_id: 'factory:oven-0',
      timestamp: new Date(begin + seq).toISOString(),
      sensor_type: 'electrical',
      measurements: { frequency: 50 },
      quality: { voltage: 'absent' },
      metadata: { boot_id: 1, seq },
      ...more,
    };
  };
  const zones = (number: number) => ({
    ...frequency({ device_id: 'board-0-thermal', sensor_type: 'thermal' }),
    measurements: {
      temperature_zones: Array.from({ length: number }, (_, zone) => ({
        zone: zone + 1,
        value: 20,
        unit: 'C',
      })),
    },
  });
  const send = (kind: string, payload: object, last = 'telemetry') =>
    links
      .get(kind)
      ?.publish({ topic: `${OVEN}/${kind}/${last}`, payload: JSON.stringify(payload, null, 1), qos: 1 });

  async function count(measurement: string, field: string, since: Date): Promise<number> {
    const bucket = measurement === 'refused' ? 'dead_letter' : 'raw';
    const rows = await chain.query(
      `from(bucket: "${bucket}") |> range(start: ${since.toISOString()})
        |> filter(fn: (r) => r._measurement == "${measurement}" and r._field == "${field}")
        |> count() |> group() |> sum()`,
    );
    return Number(rows[0]?.at(-1) ?? 0);
  }
  async function reached(what: string, value: () => Promise<number>, expected: number, withinMs = 30_000) {
    let found = await value();
    for (const end = Date.now() + withinMs; found !== expected; found = await value()) {
      if (Date.now() > end)
        throw new Error(`${what}: ${found}, not ${expected}\n${chain.telegraf.output.slice(-2_000)}`);
      await delay(100);
    }
  }
  const rejections = () => chain.telegraf.metric('internal_write_metrics_rejected');
  const anHourAgo = () => new Date(Date.now() - 3_600_000);

  it('shows a value in InfluxDB within 2 s', async () => {
    const slowest = async () => {
      const sentAt = Date.now();
      await send('electrical', frequency());
      const found = async () =>
        (
          await chain.query(
            `from(bucket: "raw") ${RECENTLY} |> filter(fn: (r) => r._field == "seq" and r._value == ${seq})`,
          )
        ).length;
      await reached('the value', found, 1);
      return Date.now() - sentAt;
    };
    const took = [await slowest(), await slowest(), await slowest()];
    Math.min(...took).should.be.below(2_000);
  });

  it('loses of a batch of 5,000 only what is wrong, and keeps that with its reason (FR-4.4)', async () => {
    const since = anHourAgo();
    const [stored, refused] = [
      await count('electrical', 'seq', since),
      await count('refused', 'detail', since),
    ];
    const wrong = new Map<number, object>([
      [1_000, frequency({ measurements: { frequency: 1_000 } })],
      [2_000, frequency({ timestamp: new Date(Date.now() - 100 * DAY_MS).toISOString() })],
      [3_000, frequency({ measurements: { frequency: 'fifty' } })],
    ]);
    const sent = Array.from({ length: 5_000 }, (_, n) => send('electrical', wrong.get(n) ?? frequency()));
    await Promise.all(sent);
    await reached('stored', () => count('electrical', 'seq', since), stored + 4_997);
    await reached('refused', () => count('refused', 'detail', since), refused + 3);
    const reasons = await chain.query(
      `from(bucket: "dead_letter") ${RECENTLY} |> filter(fn: (r) => r._field == "detail") |> group() |> distinct(column: "reason")`,
    );
    reasons
      .map((row) => row.at(-1))
      .sort()
      .should.eql(['range', 'too_old', 'type']);
    (await chain.telegraf.metric('egiz_archive_refused_total')).should.equal(3);
  });

  const status = (diagnostics: object) => ({
    device_id: 'board-0-electrical',
    status: 'online',
    timestamp: new Date().toISOString(),
    diagnostics,
  });

  /** What InfluxDB refuses although Telegraf does not. */
  const refusals = [
    {
      what: 'a field of another type than somebody else has written',
      prepare: () =>
        chain.admin.write('openegiz', 'raw', `status diagnostics_odd="text" ${Date.now() - 1_000}000000`),
      send: () => send('electrical', status({ odd: 1 }), 'status'),
    },
    {
      what: 'a time before what the bucket keeps, which somebody else has shortened',
      prepare: async () => {
        const path = '/api/v2/buckets?name=raw';
        const { buckets } = await chain.admin.call<{ buckets: readonly { id: string }[] }>('GET', path);
        const retentionRules = [{ type: 'expire', everySeconds: (30 * DAY_MS) / 1_000 }];
        await chain.admin.call('PATCH', `/api/v2/buckets/${buckets[0]?.id}`, { retentionRules });
      },
      send: () =>
        send('electrical', frequency({ timestamp: new Date(Date.now() - 60 * DAY_MS).toISOString() })),
    },
  ];
  for (const { what, prepare, send: sendRefused } of refusals) {
    it(`keeps the neighbours of a point that InfluxDB refuses, and counts: ${what}`, async () => {
      const since = anHourAgo();
      await prepare();
      const [stored, rejected] = [await count('electrical', 'seq', since), await rejections()];
      const neighbours = () => Array.from({ length: 1_000 }, () => send('electrical', frequency()));
      await Promise.all([...neighbours(), sendRefused(), ...neighbours()]);
      await reached('stored', () => count('electrical', 'seq', since), stored + 2_000);
      await reached('rejected more', async () => Number((await rejections()) > rejected), 1);
      // They come once more, since they were not acknowledged, and are the same points.
      await chain.telegraf.stop('SIGTERM');
      await chain.telegraf.run();
      await send('electrical', frequency());
      await reached('stored', () => count('electrical', 'seq', since), stored + 2_001);
    });
  }

  it('writes status, results of commands and commands as measurements of their own', async () => {
    const since = anHourAgo();
    const head = { device_id: 'board-0-electrical', status: 'online', timestamp: new Date().toISOString() };
    await send(
      'electrical',
      { ...head, command: { id: 'c-1', state: 'applied', code: 'APPLIED' } },
      'status',
    );
    const core = await chain.broker.login('core', {
      listener: 'service-certificate',
      certificate: chain.serviceFiles('core'),
    });
    const command = { command: 'identify', id: 'c-1', device_id: 'board-0-electrical' };
    await core.publish({ topic: `${OVEN}/command`, payload: JSON.stringify(command), qos: 1 });
    await reached('status', () => count('status', 'status', since), 1);
    await reached('command_result', () => count('command_result', 'state', since), 1);
    await reached('command', () => count('command', 'id', since), 1);
  });

  it('loses nothing when Telegraf is killed, and stores nothing twice (NFR-4)', async () => {
    const since = anHourAgo();
    const stored = await count('electrical', 'seq', since);
    const sent = Array.from({ length: 3_000 }, () => send('electrical', frequency()));
    await sent[1_500];
    await chain.telegraf.stop('SIGKILL');
    await Promise.all(sent);
    await chain.telegraf.run();
    await reached('stored', () => count('electrical', 'seq', since), stored + 3_000);
  });

  it('loses nothing beyond its buffer of 100,000 points: the broker keeps what was dropped (FR-4.5)', async () => {
    const since = anHourAgo();
    await chain.influxdb.stop();
    const sent = Array.from({ length: 1_700 }, () => send('thermal', zones(64)));
    await Promise.all(sent);
    const dropped = async () => Math.sign(await chain.telegraf.metric('internal_write_metrics_dropped'));
    await reached('dropped', dropped, 1);
    await chain.influxdb.run();
    // Delivered again as soon as the session begins anew.
    await chain.telegraf.stop('SIGTERM');
    await chain.telegraf.run();
    await reached('messages', () => count('thermal', 'seq', since), 1_700, 60_000);
    should(await count('thermal', 'temperature', since)).equal(1_700 * 64);
  });
});
