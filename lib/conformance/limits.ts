import { filtersOf, topicOf } from './account';
import { ARRIVAL_MS, type CheckContext, hex, SILENCE_MS, sleep } from './context';
import { fail, NotGiven, type Outcome, pass, type Requirement } from './requirement';
import type { WireClient } from './wire';

/**
 * FR-2.6 is kept by what clients announce (SPEC 4 "In flight"): 100 or less. Fewer show the same with less load.
 */
const RECEIVE_MAXIMUM = 20;
const RECEIVE_MESSAGES = 60;
/** FR-2.7, as payload; topic and properties come on top, for which a kilobyte is allowed. */
const MESSAGE_LIMIT = 262_144;
const OVERSIZE = MESSAGE_LIMIT + 2_048;
/** SEC-5. */
const RATE = 100;
const RATE_MESSAGES = 400;
const RATE_TIME_MS = 3_000;

export const LIMIT_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'FR-2.6',
    title: 'A client is sent no more unacknowledged messages than it announces',
    run: receiveMaximum,
  },
  { id: 'FR-2.6/release', title: 'Each acknowledgement makes room for one more message', run: released },
  { id: 'FR-2.7', title: 'Messages up to 256 KB are taken, larger ones refused', run: oversize },
  { id: 'SEC-5', title: `A client cannot send more than ${RATE} messages a second`, run: rateLimit },
];

async function receiveMaximum(check: CheckContext): Promise<Outcome> {
  const { reader, payloads } = await withhold(check);
  const own = `the broker announces ${reader.connack?.properties?.receiveMaximum ?? 'none'} itself`;
  const held = reader.unacknowledged;
  if (held === 0) return fail(`nothing was delivered; ${own}`);
  if (held > RECEIVE_MAXIMUM)
    return fail(`${held} were sent to a client that takes ${RECEIVE_MAXIMUM}; ${own}`);
  reader.acknowledge();
  const all = () =>
    payloads.every((payload) => reader.messages.some((message) => message.payload === payload));
  if (!(await reader.waitFor(all, ARRIVAL_MS)))
    return fail(`after all acknowledgements, some are missing; ${own}`);
  return pass(`${held} of ${payloads.length} sent to a client that takes ${RECEIVE_MAXIMUM}; ${own}`);
}

async function released(check: CheckContext): Promise<Outcome> {
  const { reader } = await withhold(check);
  const before = reader.unacknowledged;
  reader.acknowledgeOne();
  await reader.waitFor(() => false, SILENCE_MS);
  const after = reader.unacknowledged;
  reader.acknowledge();
  if (after > RECEIVE_MAXIMUM) {
    return fail(`one acknowledgement, and ${after} were open at a client that takes ${RECEIVE_MAXIMUM}`);
  }
  return pass(`${before} open, one acknowledged, ${after} open`);
}

/** A client that acknowledges nothing, and more messages for it than it takes. */
async function withhold(check: CheckContext): Promise<{ reader: WireClient; payloads: readonly string[] }> {
  const { from, to, topic } = check.routes({ to: 'first' })[0] ?? check.route();
  const reader = await check.listen(to, topic, { receiveMaximum: RECEIVE_MAXIMUM });
  reader.acknowledges = false;
  const payloads = Array.from({ length: RECEIVE_MESSAGES }, () => check.unique());
  const codes = await check.publishAll(await check.connect(from), topic, payloads);
  const refused = codes.find((code) => code === undefined || code >= 0x80);
  if (refused !== undefined) throw new Error(`"${from.name}" may not publish ${topic}: ${hex(refused)}`);
  await reader.waitFor(() => reader.unacknowledged > RECEIVE_MAXIMUM, SILENCE_MS);
  return { reader, payloads };
}

async function oversize(check: CheckContext): Promise<Outcome> {
  const first = check.account('first');
  const topic = writable(check);
  const client = await check.connect(first);
  const announced = client.connack?.properties?.maximumPacketSize;
  const code = await client.publish(topic, Buffer.alloc(MESSAGE_LIMIT, 'x'));
  if (code === undefined || code >= 0x80) return fail(`256 KB are not taken: ${answer(client, code)}`);
  const large = await client.publish(topic, Buffer.alloc(OVERSIZE, 'x'));
  const said = `Maximum Packet Size ${announced ?? 'not announced'}`;
  if (large !== undefined && large < 0x80)
    return fail(`${OVERSIZE} bytes are taken (${hex(large)}); ${said}`);
  if (large === undefined && client.ended === undefined)
    return fail(`${OVERSIZE} bytes get no answer; ${said}`);
  return pass(`256 KB are taken, ${OVERSIZE} bytes answered by ${answer(client, large)}; ${said}`);
}

async function rateLimit(check: CheckContext): Promise<Outcome> {
  const first = check.account('first');
  const topic = writable(check);
  // Whatever was sent before must not count.
  await sleep(1_100);
  const client = await check.connect(first);
  const start = performance.now();
  const codes = await flood(client, topic);
  const seconds = (performance.now() - start) / 1000;
  const taken = codes.filter((code) => code !== undefined && code < 0x80).length;
  const refused = [...new Set(codes.filter((code) => code !== undefined && code >= 0x80))].map(hex);
  const how = client.ended?.reason ?? (refused.length > 0 ? `PUBACK ${refused.join(', ')}` : 'slowed down');
  const said = `${taken} of ${codes.length} messages taken in ${seconds.toFixed(1)} s`;
  // One second's worth at once, and what may be sent meanwhile, with a tenth for clocks.
  const allowed = RATE + RATE * Math.max(seconds, 1) * 1.1;
  return taken > allowed ? fail(said) : pass(`${said}; the rest: ${how}`);
}

/** As fast as acknowledgements allow, until time is up or the connection ended. */
async function flood(client: WireClient, topic: string): Promise<(number | undefined)[]> {
  const window = Math.min(client.connack?.properties?.receiveMaximum ?? 50, 50);
  const codes: (number | undefined)[] = [];
  const end = performance.now() + RATE_TIME_MS;
  while (codes.length < RATE_MESSAGES && performance.now() < end && client.ended === undefined) {
    codes.push(...(await Promise.all(Array.from({ length: window }, () => client.publish(topic, PAYLOAD)))));
  }
  return codes;
}

const PAYLOAD = JSON.stringify({ type: 'BrokerCheck' });

/** A topic of the first account, one of many where its rights leave the choice: those are read by fewer. */
function writable(check: CheckContext): string {
  const filters = filtersOf(check.account('first'), 'write');
  const filter = filters.find((one) => /[+#]/.test(one)) ?? filters[0];
  if (filter === undefined) throw new NotGiven('the first account must be able to publish something');
  return topicOf(filter, check.unique());
}

function answer(client: WireClient, code: number | undefined): string {
  return code === undefined ? (client.ended?.reason ?? 'nothing') : `PUBACK ${hex(code)}`;
}
