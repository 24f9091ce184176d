import should from 'should';
import { SchemaRegistry } from '../../lib/schemas/registry';
import { SHIPPED_CLIENT_SCHEMAS } from '../../lib/schemas/shipped';
import { type Simulator, startSimulator } from '../../lib/simulator/simulator';
import { ArchiveChain } from '../support/archive-chain';
import { delay } from '../support/mosquitto';
import { runCommand } from '../support/running-stack';

const BOARDS = 1_000;
const MESSAGES = 200_000;
/** Twice the rate of a real board, so that all is sent in two minutes. */
const TELEMETRY_MS = 500;
const DATABASE_STOPPED_MS = 30_000;
const CATCH_UP_MS = 60_000;

/** Message numbers by board. */
type Numbers = Map<string, number[]>;

/** Waits until it holds; says what was awaited and how far it was when it never does. */
async function reached(
  what: string,
  holds: () => Promise<boolean> | boolean,
  timeoutMs: number,
  far: () => string,
) {
  for (const end = Date.now() + timeoutMs; !(await holds()); await delay(200)) {
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs / 1000} s; ${far()}`);
  }
}

describe('the archive (FR-4, NFR-4)', function () {
  this.timeout(300_000);
  let chain: ArchiveChain;
  before(async function () {
    // Telegraf and InfluxDB may have to be built first.
    this.timeout(900_000);
    chain = await ArchiveChain.start(BOARDS);
  });
  after(() => chain.close());

  let simulator: Simulator | undefined;
  afterEach(() => simulator?.close());

  /** What the broker has acknowledged: from then on the boards do not have it any more. */
  let sent: Numbers;
  let acknowledged: number;
  let begin: Date;

  function simulate(): Simulator {
    sent = new Map();
    acknowledged = 0;
    return startSimulator({
      clients: [],
      boards: chain.boards,
      seed: 1,
      schemas: SchemaRegistry.load([SHIPPED_CLIENT_SCHEMAS]),
      telemetryMs: TELEMETRY_MS,
      onAcknowledged(board, seq) {
        acknowledged += 1;
        const numbers = sent.get(board);
        if (numbers === undefined) sent.set(board, [seq]);
        else numbers.push(seq);
      },
    });
  }

  /** Everything that can go away goes away while the boards go on. */
  async function disturb(): Promise<void> {
    const { influxdb, telegraf, broker } = chain;
    await influxdb.stop();
    await delay(DATABASE_STOPPED_MS);
    await influxdb.run();
    await delay(8_000);
    await telegraf.stop('SIGKILL');
    await delay(2_000);
    await telegraf.run();
    await delay(8_000);
    await broker.stop('SIGTERM');
    await broker.run();
  }

  it('has every one of 200,000 messages of 1,000 boards, although everything was away for a time', async () => {
    begin = new Date();
    simulator = simulate();
    const far = () => `${acknowledged} acknowledged of ${sent.size} boards`;
    await reached('all boards send', () => sent.size === BOARDS, 60_000, far);
    await disturb();
    await reached('all is sent', () => acknowledged >= MESSAGES, 120_000, far);
    await simulator.close();
    let stored = 0;
    const caughtUp = async () => {
      stored = await chain.countSince(begin);
      return stored >= acknowledged;
    };
    await reached('all is stored', caughtUp, CATCH_UP_MS, () => `${stored} stored, ${far()}`);
    should(differences(sent, await chain.numbersSince(begin))).eql([]);
  });

  /** `openegiz archive audit`, as an operator runs it. */
  async function audit() {
    const { influxdb, secrets, telegraf } = chain;
    const where = ['--url', influxdb.url, '--directory', secrets, '--telegraf', telegraf.metricsUrl];
    const args = [...where, '--since', begin.toISOString(), '--margin', '1s', '--json'];
    const { code, output } = await runCommand(['archive', 'audit', ...args]);
    return { code, ...(JSON.parse(output) as object) };
  }

  it('is told so by its auditor', async () => {
    should(await audit()).match({
      code: 0,
      expected: acknowledged,
      stored: acknowledged,
      missing: 0,
      duplicates: 0,
      telegraf: { rejected: 0, dropped: 0 },
    });
  });

  it('is told by its auditor of three messages that are lost', async () => {
    const board = 'board-7-thermal';
    const [first, last] = await Promise.all([chain.timeOf(board, 50, begin), chain.timeOf(board, 52, begin)]);
    await chain.remove(board, first, last);
    should(await audit()).match({
      code: 1,
      expected: acknowledged,
      missing: 3,
      gaps: [{ topic: { deviceId: board }, from: 50, to: 52, count: 3, state: 'missing' }],
    });
  });
});

/** What is stored and was not sent, sent and is not stored, or stored twice: one line a board. */
function differences(sent: Numbers, stored: Numbers): string[] {
  return [...new Set([...sent.keys(), ...stored.keys()])].flatMap((board) => {
    const [here, there] = [sent.get(board) ?? [], stored.get(board) ?? []];
    const [wanted, found] = [new Set(here), new Set(there)];
    const missing = [...wanted].filter((seq) => !found.has(seq));
    const unknown = [...found].filter((seq) => !wanted.has(seq));
    const twice = there.length - found.size;
    if (missing.length + unknown.length + twice === 0) return [];
    return [
      `${board}: missing ${missing.join()}; not known to be sent ${unknown.join()}; ${twice} stored twice`,
    ];
  });
}
