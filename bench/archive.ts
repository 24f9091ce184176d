/**
 * The archive under load: boards, Mosquitto with TLS 1.3 and generated rights, Telegraf as shipped, InfluxDB 2. How many
 * messages a second it takes without falling behind, what each part's processor time for a message is, and how soon a
 * message can be read from the database.
 *
 *     npm run bench -- archive [BOARDS] [SECONDS] [RATE ...]
 */
import { ArchiveChain } from '../test/support/archive-chain';
import { ArchiveLoad, type Burst } from './load/archive';
import { percentiles, row } from './percentiles';

const [boards = 1_000, seconds = 10, ...given] = process.argv.slice(2).map(Number);
const RATES = given.length > 0 ? given : [1_000, 2_000, 5_000, 8_000, 10_000];
/** At this rate latency is measured: 1,000 boards at 1 Hz. */
const CALM = 1_000;
/** Further behind than a flush and a query explain, and more at the end than at half-time. */
const BEHIND_SECONDS = 2;

const cell = (value: number, digits = 0) => value.toFixed(digits).padStart(10);

function verdict({ behindAtHalf, behindAtEnd, stored, sent, notSent, cpu, seconds: took }: Burst): string {
  const busiest = Object.entries(cpu).reduce((one, other) => (other[1] > one[1] ? other : one));
  const falls = behindAtEnd > BEHIND_SECONDS && behindAtEnd > behindAtHalf;
  return [
    ...(falls
      ? [`falls behind; busiest: ${busiest[0]}, ${((100 * busiest[1]) / took).toFixed(0)} % of a core`]
      : []),
    ...(stored < sent ? [`${sent - stored} not there after a minute`] : []),
    ...(notSent > 0 ? [`${notSent} not sent: windows full`] : []),
  ].join('; ');
}

async function rates(load: ArchiveLoad): Promise<void> {
  console.log(
    `\n${boards} boards of three kinds, QoS 1, TLS 1.3, ${seconds} s each; processor time in us for a message`,
  );
  console.log('   offered stored/s* behind s at end s   broker telegraf influxdb generator  others %');
  for (const rate of RATES) {
    const burst = await load.burst(rate, seconds);
    const { sent, cpu, storedInTime } = burst;
    const micros = (name: keyof Burst['cpu']) => cell((1e6 * cpu[name]) / Math.max(1, sent), 1);
    console.log(
      [
        cell(rate),
        cell(storedInTime / burst.seconds),
        cell(burst.behindAtHalf, 1),
        cell(burst.behindAtEnd, 1),
        ...(['broker', 'telegraf', 'influxdb', 'generator'] as const).map(micros),
        cell((100 * burst.others) / burst.seconds),
        `  ${verdict(burst)}`,
      ].join(''),
    );
  }
  console.log(
    '* while messages came; "behind": seconds of messages that were not readable yet, at half-time and at the end',
  );
}

async function latency(load: ArchiveLoad): Promise<void> {
  console.log(`\nfrom the time in the message until a query finds it, at ${CALM} messages a second`);
  console.log(row('sensor to InfluxDB', percentiles(await load.latencies(CALM, seconds))));
}

async function main(): Promise<void> {
  const chain = await ArchiveChain.start(boards);
  const load = new ArchiveLoad(chain);
  try {
    await rates(load);
    await latency(load);
  } finally {
    load.close();
    await chain.close();
  }
}

main().catch((fault) => {
  console.error(fault);
  process.exitCode = 1;
});
