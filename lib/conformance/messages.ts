import { ARRIVAL_MS, type CheckContext, hex, SILENCE_MS } from './context';
import { fail, notApplicable, type Outcome, pass, type Requirement } from './requirement';

/** PRD, verification plan. */
const WILL_LIMIT_MS = 30_000;
/** A broker waits one and a half times this for a client that has fallen silent (MQTT 5.0 section 3.1.2.10). */
const SILENT_KEEPALIVE = 5;
const NO_MATCHING_SUBSCRIBERS = 0x10;
/** NFR-1. */
const LATENCY_LIMIT_MS = 50;
const LATENCY_MESSAGES = 50;

export const MESSAGE_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'FR-1.6/cut',
    title: 'The will of a client whose connection breaks is published within 30 s',
    run: (check) => will(check, 'cut'),
  },
  {
    id: 'FR-1.6/silent',
    title: 'So is that of a client that falls silent',
    run: (check) => will(check, 'silent'),
  },
  { id: 'SPEC-2/retained', title: 'Retained messages are kept, marked as such and cleared', run: retained },
  { id: 'SPEC-3/0x10', title: 'A publisher is told when nobody receives its message (0x10)', run: nobody },
  {
    id: 'NFR-1',
    title: `A message takes less than ${LATENCY_LIMIT_MS} ms (informative)`,
    run: latency,
  },
];

async function will(check: CheckContext, end: 'cut' | 'silent'): Promise<Outcome> {
  const { from, to, topic } = check.routes({ from: 'first' })[0] ?? check.route();
  const reader = await check.listen(to, topic);
  const payload = check.unique();
  const client = await check.connect(from, { will: { topic, payload }, keepalive: SILENT_KEEPALIVE });
  const start = performance.now();
  if (end === 'cut') await client.cut();
  else client.pings = false;
  await reader.waitFor(() => reader.messages.some((message) => message.payload === payload), WILL_LIMIT_MS);
  const seconds = (performance.now() - start) / 1000;
  if (!reader.messages.some((message) => message.payload === payload))
    return fail('it was not published within 30 s');
  const keepalive = client.connack?.properties?.serverKeepAlive ?? SILENT_KEEPALIVE;
  return pass(
    end === 'cut'
      ? `after ${seconds.toFixed(1)} s`
      : `after ${seconds.toFixed(0)} s with a keep-alive of ${keepalive} s`,
  );
}

/** MQTT 5.0 section 3.3.1.3. */
async function retained(check: CheckContext): Promise<Outcome> {
  const { from, to, topic } = check.routes({ from: 'first' })[0] ?? check.route();
  const [kept, payload] = [check.unique(), check.unique()];
  const before = await check.listen(to, topic);
  const writer = await check.connect(from);
  if (writer.connack?.properties?.retainAvailable === false)
    return fail('the broker says that it retains nothing');
  const code = await check.retain(writer, from, topic, kept);
  if (code === undefined || code >= 0x80) return fail(`a retained message is refused: ${hex(code)}`);
  await before.waitFor(() => before.messages.some((message) => message.payload === kept), ARRIVAL_MS);
  const live = before.messages.find((message) => message.payload === kept);
  if (live === undefined) return fail('who had subscribed before was not sent it');
  if (live.retain) return fail('who had subscribed before was sent it as a retained one');
  await before.disconnect();
  const after = await check.listen(to, topic);
  await after.waitFor(() => after.messages.some((message) => message.payload === kept), ARRIVAL_MS);
  const old = after.messages.find((message) => message.payload === kept);
  if (old === undefined) return fail('who subscribed afterwards was not sent it');
  if (!old.retain) return fail('who subscribed afterwards was sent it without the mark of a retained one');
  await after.disconnect();
  await writer.publish(topic, '', { retain: true });
  const cleared = await check.listen(to, topic);
  await cleared.waitFor(() => cleared.messages.length > 0, SILENCE_MS);
  const left = cleared.messages.some((message) => message.retain && message.payload !== payload);
  return left ? fail('an empty message did not clear it') : pass('kept, marked, cleared by an empty message');
}

/** The service keeps a configuration for a client that is not there instead of calling it sent (SPEC 3). */
async function nobody(check: CheckContext): Promise<Outcome> {
  const { from, to, topic } = check.routes({ to: 'first' })[0] ?? check.route();
  const writer = await check.connect(from);
  const alone = await writer.publish(topic, check.unique());
  await check.listen(to, topic);
  const heard = await writer.publish(topic, check.unique());
  if (heard === NO_MATCHING_SUBSCRIBERS) return fail('0x10 is answered although somebody has subscribed');
  if (heard !== 0) return fail(`with a subscriber the answer is ${hex(heard)}`);
  if (alone === NO_MATCHING_SUBSCRIBERS) return pass('0x10 without a subscriber, 0x00 with one');
  return fail(`without a subscriber the answer is ${hex(alone)}, unless somebody else reads ${topic}`);
}

/** Informative: the way between this machine and the broker is in it, so a slow one is no failure of the broker. */
async function latency(check: CheckContext): Promise<Outcome> {
  const { from, to, topic } = check.routes({ from: 'first' })[0] ?? check.route();
  const reader = await check.listen(to, topic);
  const writer = await check.connect(from);
  const times: number[] = [];
  for (let round = 0; round < LATENCY_MESSAGES; round++) {
    const payload = check.unique();
    const start = performance.now();
    const sent = writer.publish(topic, payload);
    const came = await reader.waitFor(() => reader.messages.at(-1)?.payload === payload, ARRIVAL_MS);
    if (!came) return fail('a message was not delivered');
    times.push(performance.now() - start);
    await sent;
    await reader.waitFor(() => false, 12);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    (times[Math.min(Math.floor(times.length * share), times.length - 1)] ?? 0).toFixed(1);
  const said = `median ${at(0.5)} ms, 95th percentile ${at(0.95)} ms, the network's way included`;
  if (Number(at(0.95)) < LATENCY_LIMIT_MS) return pass(said);
  return notApplicable(`${said}: repeat it on the broker's own network`);
}
