/**
 * The broker under load: connections, messages a second, latency, handshakes and the reconnect of all, beside the same
 * broker without TLS, accounts, rights and guard in the same run. Broker and generator have a core each.
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

async function messages(fleet: Fleet): Promise<void> {
  console.log(`\n${boards} boards, QoS 1, 300 bytes, one subscriber, ${seconds} s each`);
  console.log('broker     offered delivered   p50 ms   p99 ms broker %   us/msg  x plain    gen % others %');
  for (const rate of RATES) {
    let reference = 0;
    for (const variant of VARIANTS) {
      const load: Load = { variant, rate, seconds, qos: 1, spread: boards / 500 };
      const micros = messageRow(variant, load, await runLoad(fleet, load), reference);
      if (variant === 'plain') reference = micros;
    }
  }
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
    await messages(fleet);
  } finally {
    fleet.remove();
  }
}

main().catch((fault) => {
  console.error(fault);
  process.exitCode = 1;
});
