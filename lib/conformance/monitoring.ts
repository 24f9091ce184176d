import { type CheckContext, hex, sleep } from './context';
import { fail, NotGiven, type Outcome, pass, type Requirement } from './requirement';
import type { WireClient } from './wire';

/** $SYS is no part of MQTT: names differ, so figures are found by their meaning. */
const SYS = '$SYS/#';
/** Brokers publish their figures every 10 s or so. */
const SYS_MS = 25_000;
/** What is retained there comes at once. */
const SETTLE_MS = 1_000;
/** More would load the broker for nothing. */
const MAX_QUEUE_LIMIT = 1_000;
const OVER = 20;

export const MONITORING_REQUIREMENTS: readonly Requirement[] = [
  { id: 'FR-2.10', title: 'The monitoring account can read figures under $SYS', run: figures },
  { id: 'FR-5.1/dropped', title: 'Messages dropped from a full queue are counted under $SYS', run: overflow },
];

async function figures(check: CheckContext): Promise<Outcome> {
  const client = await check.connect(check.account('monitor'));
  const [code] = (await client.subscribe([SYS])) ?? [];
  if (code === undefined || code >= 0x80) return fail(`SUBSCRIBE to ${SYS} is refused: ${hex(code)}`);
  const came = await client.waitFor(() => client.messages.length > 0, SYS_MS);
  if (!came) return fail(`nothing was published there for ${SYS_MS / 1000} s`);
  await client.waitFor(() => false, SETTLE_MS);
  return pass(`${new Set(client.messages.map(({ topic }) => topic)).size} figures`);
}

async function overflow(check: CheckContext): Promise<Outcome> {
  const monitor = check.account('monitor');
  const limit = check.options.queueLimit;
  if (limit === undefined)
    throw new NotGiven('give --queue-limit, the messages kept for one client, if it is small');
  if (limit > MAX_QUEUE_LIMIT)
    throw new NotGiven(`--queue-limit ${limit} would take too many messages to fill`);
  const watcher = await check.listen(monitor, SYS);
  await watcher.waitFor(() => watcher.messages.length > 0, SYS_MS / 2);
  await watcher.waitFor(() => dropped(watcher).size > 0, SETTLE_MS);
  if (watcher.messages.length === 0) return fail('nothing is published under $SYS');
  const before = dropped(watcher);
  const route = check.routes({ to: 'first' })[0] ?? check.route();
  const clientId = check.clientId(route.to);
  const reader = await check.listen(route.to, route.topic, { clientId, sessionExpiry: 600 });
  await reader.disconnect();
  const payloads = Array.from({ length: limit + OVER }, () => check.unique());
  const codes = await check.publishAll(await check.connect(route.from), route.topic, payloads);
  const refused = codes.filter((code) => code === undefined || code >= 0x80).length;
  const more = () => [...dropped(watcher)].find(([topic, value]) => value > (before.get(topic) ?? 0));
  await watcher.waitFor(() => more() !== undefined, SYS_MS);
  await sleep(100);
  const found = more();
  const answer = refused === 0 ? 'the publisher was told nothing' : `${refused} of them were refused`;
  if (found === undefined) return fail(`no figure grew when ${OVER} messages were too many; ${answer}`);
  return pass(`${found[0]} went from ${before.get(found[0]) ?? 0} to ${found[1]}; ${answer}`);
}

/** Figures whose name speaks of drops, with their last value. */
function dropped({ messages }: WireClient): Map<string, number> {
  const found = new Map<string, number>();
  for (const { topic, payload } of messages) {
    const value = Number(payload);
    if (/drop|discard/i.test(topic) && !/\/load\//.test(topic) && Number.isFinite(value))
      found.set(topic, value);
  }
  return found;
}
