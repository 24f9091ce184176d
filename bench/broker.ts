/**
 * The broker under load: connections, messages a second, latency, handshakes, the reconnect of all and the most it
 * carries without loss, beside the same broker without TLS, accounts, rights and guard in the same run. Broker and
 * generator have a core each.
 *
 *     npm run bench -- broker [BOARDS] [SECONDS]
 */
import { Fleet, type Variant } from './load/fleet';
import { type Load, type Outcome, runLoad } from './load/run';

const [boards, seconds] = [process.argv[2] ?? '1000', process.argv[3] ?? '10'].map(Number) as [
  number,
  number,
];
const VARIANTS: readonly Variant[] = ['plain', 'stock', 'guarded'];
const RATES = [1_000, 10_000, 20_000];
/** The jitter of boards after a restart. */
const SPREAD = 10;
const CONNECTS_PER_SECOND = 500;
/** Messages a second from one attempt at the ceiling to the next. */
const STEP = 5_000;
/** NFR-1, milliseconds. */
const LATE = 50;
/** From here on the generator, not the broker, may be what is measured. */
const BUSY = 0.9;

const cell = (value: number | undefined, digits = 0) => (value ?? 0).toFixed(digits).padStart(9);

function messageRow(name: string, load: Load, outcome: Outcome, reference: number): number {
  const {
    sent = 0,
    delivered = 0,
    notSent = 0,
    generatorCpu = 0,
    brokerCpu,
    latencyP50,
    latencyP99,
  } = outcome;
  const micros = (brokerCpu * (outcome.seconds ?? 1) * 1e6) / Math.max(1, delivered);
  const words = [
    ...(delivered < sent ? [`${sent - delivered} not there 5 s after the last`] : []),
    ...(notSent > 0 ? [`${notSent} not sent: windows full`] : []),
    ...(generatorCpu > BUSY ? ['the generator was busy'] : []),
  ];
  const ratio = reference === 0 ? 1 : micros / reference;
  console.log(
    [
      name.padEnd(9),
      cell(load.rate),
      cell(delivered / (outcome.seconds ?? 1)),
      cell(latencyP50, 2),
      cell(latencyP99, 1),
      cell(brokerCpu * 100),
      cell(micros, 1),
      cell(ratio, 2),
      cell(generatorCpu * 100),
      cell(outcome.othersCpu * 100),
      `  ${words.join('; ')}`,
    ].join(''),
  );
  return micros;
}

async function messages(fleet: Fleet, qos: 0 | 1): Promise<void> {
  console.log(`\n${boards} boards, QoS ${qos}, 300 bytes, one subscriber, ${seconds} s each`);
  console.log('broker     offered delivered   p50 ms   p99 ms broker %   us/msg  x plain    gen % others %');
  for (const rate of RATES) {
    let reference = 0;
    for (const variant of VARIANTS) {
      const load: Load = { variant, rate, seconds, qos, spread: boards / CONNECTS_PER_SECOND };
      const micros = messageRow(variant, load, await runLoad(fleet, load), reference);
      if (variant === 'plain') reference = micros;
    }
  }
}

/** Raises the rate until something is lost, left unsent, or comes late. */
async function ceilings(fleet: Fleet): Promise<void> {
  console.log(`\nthe most without loss and with a p99 below ${LATE} ms, in steps of ${STEP} msg/s`);
  console.log('broker          QoS     msg/s   p99 ms broker %    gen %  what came first at the next step');
  for (const qos of [0, 1] as const) {
    for (const variant of VARIANTS) await ceiling(fleet, variant, qos);
  }
}

async function ceiling(fleet: Fleet, variant: Variant, qos: 0 | 1): Promise<void> {
  let best: Outcome | undefined;
  for (let rate = STEP; ; rate += STEP) {
    const load: Load = { variant, rate, seconds, qos, spread: boards / CONNECTS_PER_SECOND };
    const outcome = await runLoad(fleet, load);
    const end = reasonToStop(rate, outcome);
    if (end === undefined) {
      best = outcome;
      continue;
    }
    const { latencyP99, brokerCpu = 0, generatorCpu = 0 } = best ?? {};
    const figures = [cell(qos), cell(rate - STEP), cell(latencyP99, 1), cell(brokerCpu * 100)];
    console.log(`${variant.padEnd(10)}${figures.join('')}${cell(generatorCpu * 100)}  ${end}`);
    return;
  }
}

function reasonToStop(rate: number, outcome: Outcome): string | undefined {
  const { sent = 0, delivered = 0, notSent = 0, latencyP99 = 0, generatorCpu = 0, brokerCpu } = outcome;
  const who = `generator ${(generatorCpu * 100).toFixed(0)} %, broker ${(brokerCpu * 100).toFixed(0)} % of a core`;
  if (delivered < sent) return `${sent - delivered} of ${sent} lost (${who})`;
  if (sent + notSent < rate * seconds * 0.98) return `the generator could not send more (${who})`;
  if (notSent > 0) return `${notSent} left unsent, windows full (${who})`;
  if (latencyP99 > LATE) return `p99 ${latencyP99.toFixed(0)} ms (${who})`;
  return undefined;
}

async function connections(fleet: Fleet): Promise<void> {
  console.log(`\nall ${boards} boards connect within ${SPREAD} s (as after a restart), and at once`);
  console.log('broker          spread s    all s  failed   p50 ms   p99 ms broker s  ms/conn       MB');
  const cases: [string, Pick<Load, 'variant' | 'spread' | 'haproxy'>][] = [
    ...VARIANTS.map(
      (variant) => [variant, { variant, spread: SPREAD }] as [string, Pick<Load, 'variant' | 'spread'>],
    ),
    ['by HAProxy', { variant: 'guarded', spread: SPREAD, haproxy: true }],
    ['guarded', { variant: 'guarded', spread: 0 }],
    ['by HAProxy', { variant: 'guarded', spread: 0, haproxy: true }],
  ];
  for (const [name, given] of cases) {
    const o = await runLoad(fleet, { ...given, rate: 0, seconds: 0, qos: 1 });
    const figures = [
      cell(given.spread),
      cell(o.connectSeconds, 1),
      cell(o.attemptsFailed),
      cell(o.handshakeP50, 1),
    ];
    const rest = [
      cell(o.handshakeP99, 1),
      cell(o.connectCpu, 1),
      cell((o.connectCpu * 1e3) / boards, 2),
      cell(o.memory),
    ];
    console.log(name.padEnd(14) + [...figures, ...rest].join(''));
  }
}

async function main(): Promise<void> {
  const fleet = await Fleet.make(boards);
  try {
    await connections(fleet);
    await messages(fleet, 0);
    await messages(fleet, 1);
    await ceilings(fleet);
  } finally {
    fleet.remove();
  }
}

main().catch((fault) => {
  console.error(fault);
  process.exitCode = 1;
});
