import type { Right } from '../acl/rights';
import { type Account, covers, filtersOf, topicOf } from './account';
import { ARRIVAL_MS, type CheckContext, hex, type Route, SILENCE_MS } from './context';
import { fail, NotGiven, type Outcome, pass, type Requirement } from './requirement';
import type { WireClient } from './wire';

/**
 * SEC-4 by what is delivered and by PUBACK: a SUBACK proves nothing, since some brokers grant every SUBSCRIBE
 * and filter what they deliver.
 */
export const ISOLATION_REQUIREMENTS: readonly Requirement[] = [
  { id: 'FR-2.5', title: 'An account may do what its rights say', run: ownRights },
  { id: 'SEC-4/write', title: "An account cannot publish to another's topics", run: writesForeign },
  {
    id: 'SEC-4/read',
    title: "An account is sent nothing of another's topics",
    run: (check) => readsForeign(check, (topics) => topics),
  },
  {
    id: 'SEC-4/wildcard',
    title: 'Nor by a wildcard subscription',
    run: (check) => readsForeign(check, wildcards),
  },
  { id: 'SEC-4/retained', title: 'Nor what was retained before it subscribed', run: readsRetained },
  {
    id: 'SEC-4/share',
    title: "It cannot take another's messages by joining a shared subscription",
    run: joinsShare,
  },
  { id: 'SEC-4/will', title: "Its will cannot be published on another's topic", run: willsForeign },
  { id: 'SEC-4/sys', title: 'It cannot read $SYS', run: readsSys },
];

async function ownRights(check: CheckContext): Promise<Outcome> {
  const routes = [...check.routes({ from: 'first' }), ...check.routes({ to: 'first' })];
  if (routes.length === 0) check.route({ from: 'first' });
  for (const { from, to, topic } of routes) {
    const reader = await check.listen(to, topic);
    const payload = check.unique();
    const writer = await check.connect(from);
    const code = await writer.publish(topic, payload);
    if (!accepted(code)) return fail(`"${from.name}" may not publish ${topic}: ${answerOf(writer, code)}`);
    const came = await reader.waitFor(() => has(reader, payload), ARRIVAL_MS);
    if (!came) return fail(`"${to.name}" was not sent what "${from.name}" published on ${topic}`);
    await check.cleanUp();
  }
  return pass(`${routes.length} ways between accounts, each delivered`);
}

async function writesForeign(check: CheckContext): Promise<Outcome> {
  const [first, topics] = [check.account('first'), foreignTopics(check, ['write', 'read'])];
  const answers = new Set<string>();
  for (const topic of topics) {
    const reader = readerOf(check, topic);
    const listening = reader === undefined ? undefined : await check.listen(reader, topic);
    const client = await check.connect(first);
    const payload = check.unique();
    const code = await client.publish(topic, payload);
    await listening?.waitFor(() => has(listening, payload), SILENCE_MS);
    if (listening !== undefined && has(listening, payload)) {
      return fail(`"${first.name}" published ${topic}, and "${reader?.name}" was sent it`);
    }
    if (accepted(code) && listening === undefined) {
      return fail(
        `${topic} was accepted from "${first.name}" (${hex(code)}), and no account here may read it`,
      );
    }
    answers.add(accepted(code) ? `dropped in silence (${hex(code)})` : answerOf(client, code));
    await check.cleanUp();
  }
  return pass(`${topics.length} topics: ${[...answers].join(', ')}`);
}

async function readsForeign(
  check: CheckContext,
  filtersFor: (topics: readonly string[]) => readonly string[],
): Promise<Outcome> {
  const first = check.account('first');
  const foreign = foreignRoutes(check);
  const filters = filtersFor(foreign.map(({ topic }) => topic));
  const spy = await check.connect(first);
  const codes = await spy.subscribe(filters);
  const payloads: string[] = [];
  for (const { from, topic } of foreign) {
    const payload = check.unique();
    const writer = await check.connect(from);
    const code = await writer.publish(topic, payload);
    if (!accepted(code))
      throw new Error(`"${from.name}" may not publish ${topic}: ${answerOf(writer, code)}`);
    payloads.push(payload);
    await writer.disconnect();
  }
  await spy.waitFor(() => payloads.some((payload) => has(spy, payload)), SILENCE_MS);
  const seen = spy.messages.find(({ payload }) => payloads.includes(payload));
  if (seen !== undefined)
    return fail(`"${first.name}" subscribed to ${filters.join(', ')} and was sent ${seen.topic}`);
  return pass(`${payloads.length} messages not sent to it; SUBSCRIBE ${grants(codes, spy)}`);
}

async function readsRetained(check: CheckContext): Promise<Outcome> {
  const first = check.account('first');
  const second = check.account('second');
  const [topic] = foreignTopics(check, ['write']);
  if (topic === undefined) throw new NotGiven('the second account must be able to publish something');
  const payload = check.unique();
  const code = await check.retain(await check.connect(second), second, topic, payload);
  if (!accepted(code)) throw new Error(`"${second.name}" may not retain ${topic}: ${hex(code)}`);
  const spy = await check.connect(first);
  const codes = await spy.subscribe([topic]);
  await spy.waitFor(() => has(spy, payload), SILENCE_MS);
  if (has(spy, payload)) return fail(`"${first.name}" was sent the message retained on ${topic}`);
  return pass(`not sent; SUBSCRIBE ${grants(codes, spy)}`);
}

const SHARED_MESSAGES = 10;

async function joinsShare(check: CheckContext): Promise<Outcome> {
  const first = check.account('first');
  const [route] = foreignRoutes(check).filter(({ to }) => to !== undefined);
  if (route?.to === undefined)
    throw new NotGiven('give --service-account, which reads what the second publishes');
  const { from, to, topic } = route;
  const filter = `$share/${check.unique()}/${topic}`;
  const member = await check.listen(to, filter);
  const thief = await check.connect(first);
  const codes = await thief.subscribe([filter]);
  const payloads = Array.from({ length: SHARED_MESSAGES }, () => check.unique());
  await check.publishAll(await check.connect(from), topic, payloads);
  const came = () => payloads.filter((payload) => has(member, payload)).length;
  await member.waitFor(() => came() === payloads.length, 2 * SILENCE_MS);
  const lost = payloads.length - came();
  if (lost === 0) return pass(`the group got all of ${payloads.length}; SUBSCRIBE ${grants(codes, thief)}`);
  return fail(
    `"${first.name}" joined the group of "${to.name}", and ${lost} of ${payloads.length} messages were lost to it`,
  );
}

async function willsForeign(check: CheckContext): Promise<Outcome> {
  const first = check.account('first');
  const topics = foreignTopics(check, ['write', 'read']);
  const topic = topics.find((one) => readerOf(check, one) !== undefined);
  const reader = topic === undefined ? undefined : readerOf(check, topic);
  if (topic === undefined || reader === undefined)
    throw new NotGiven('give --service-account to watch the topic');
  const listening = await check.listen(reader, topic);
  const payload = check.unique();
  const attempt = await check.attemptAs(first, { will: { topic, payload } });
  if (attempt.kind === 'refused') return pass(`CONNECT with such a will is refused: ${attempt.cause.reason}`);
  await attempt.client.cut();
  await listening.waitFor(() => has(listening, payload), 2_000);
  if (!has(listening, payload)) return pass(`a will on ${topic} was not published`);
  return fail(`the will of "${first.name}" was published on ${topic}`);
}

async function readsSys(check: CheckContext): Promise<Outcome> {
  const first = check.account('first');
  const spy = await check.connect(first);
  const codes = await spy.subscribe(['$SYS/#']);
  await spy.waitFor(() => spy.messages.length > 0, 2_000);
  const [seen] = spy.messages;
  if (seen !== undefined) return fail(`"${first.name}" was sent ${seen.topic}`);
  return pass(`nothing sent; SUBSCRIBE ${grants(codes, spy)}`);
}

/**
 * Topics of the second account which the first has no right to.
 * @throws NotGiven
 */
function foreignTopics(check: CheckContext, kinds: readonly Right['access'][]): string[] {
  const [first, second] = [check.account('first'), check.account('second')];
  const topics = kinds
    .flatMap((access) => filtersOf(second, access))
    .map((filter) => topicOf(filter, check.unique()))
    .filter(
      (topic) => !topic.startsWith('$') && !covers(first, 'read', topic) && !covers(first, 'write', topic),
    );
  if (topics.length === 0) throw new NotGiven('the second account must have topics that the first has not');
  return topics;
}

/** Who here may publish a topic of the second account, and who may read it. */
function foreignRoutes(check: CheckContext): (Omit<Route, 'to'> & { readonly to: Account | undefined })[] {
  const routes = foreignTopics(check, ['write', 'read']).flatMap((topic) => {
    const from = check
      .accounts()
      .find((account) => account.role !== 'first' && covers(account, 'write', topic));
    const to = readerOf(check, topic);
    return from === undefined ? [] : [{ from, to: to === from ? undefined : to, topic }];
  });
  if (routes.length > 0) return routes;
  throw new NotGiven('the second or the service account must be able to publish on topics of the second');
}

function readerOf(check: CheckContext, topic: string): Account | undefined {
  return check.accounts().find((account) => account.role !== 'first' && covers(account, 'read', topic));
}

/** Subscriptions that cover the topics without naming them. */
function wildcards(topics: readonly string[]): string[] {
  const levels = topics.map((topic) => topic.split('/'));
  const below = levels.map((one) => `${one[0]}/#`);
  const single = levels.map((one) => one.map((level, index) => (index === 0 ? level : '+')).join('/'));
  return [...new Set(['#', '+/#', ...below, ...single])];
}

function has(client: WireClient, payload: string): boolean {
  return client.messages.some((message) => message.payload === payload);
}

function accepted(code: number | undefined): boolean {
  return code !== undefined && code < 0x80;
}

function answerOf(client: WireClient, code: number | undefined): string {
  return code === undefined ? (client.ended?.reason ?? 'no answer') : `PUBACK ${hex(code)}`;
}

function grants(codes: readonly number[] | undefined, client: WireClient): string {
  if (codes === undefined) return `ended the connection: ${client.ended?.reason ?? 'no answer'}`;
  const refused = codes.filter((code) => code >= 0x80);
  if (refused.length === 0) return 'granted';
  return refused.length === codes.length ? `refused (${hex(refused[0])})` : 'granted in part';
}
