import { ARRIVAL_MS, type CheckContext, hex, type Route, SILENCE_MS, sleep } from './context';
import { fail, NotGiven, type Outcome, pass, type Requirement } from './requirement';
import type { ConnectFields, WireClient } from './wire';

/** FR-2.9. */
const DAY_SECONDS = 86_400;
/** How long after its end a session may still be there: brokers look at their sessions now and then. */
const EXPIRY_GRACE_MS = 12_000;
const RESTART_MS = 60_000;
const QUEUED = 5;

export const SESSION_REQUIREMENTS: readonly Requirement[] = [
  { id: 'FR-2.9', title: 'A session of 24 hours is granted and kept', run: sessionExpiry },
  { id: 'FR-2.9/end', title: 'A session whose time is over is gone', run: sessionEnds },
  {
    id: 'SPEC-3/queue',
    title: 'What comes while a client is away is delivered when it returns',
    run: offlineQueue,
  },
  { id: 'FR-2.8', title: 'Sessions and queued messages outlive a restart of the broker', run: persistence },
];

/** What CONNACK does not mention is granted as asked for (MQTT 5.0 section 3.2.2.3.2). */
async function sessionExpiry(check: CheckContext): Promise<Outcome> {
  const account = check.account('first');
  const clientId = check.clientId(account);
  const asked = { clientId, clean: false, sessionExpiry: DAY_SECONDS };
  const client = await check.connect(account, asked);
  const granted = client.connack?.properties?.sessionExpiryInterval ?? DAY_SECONDS;
  await client.disconnect();
  const again = await check.connect(account, asked);
  const kept = again.connack?.sessionPresent === true;
  await again.disconnect();
  const ever = await check.connect(account, { clientId, clean: true, sessionExpiry: 0xff_ff_ff_ff });
  const limit = ever.connack?.properties?.sessionExpiryInterval;
  const said = `24 h asked, ${granted / 3600} h granted`;
  if (granted < DAY_SECONDS) return fail(said);
  if (!kept) return fail(`${said}, but the session was not there at the next connection`);
  // A broker that keeps to a limit without saying so cannot be told from one that has none.
  const more = limit === undefined ? 'told nothing of a limit' : `told ${limit / 3600} h`;
  return pass(`${said}, and the session was there; whoever asks for one without end is ${more}`);
}

async function sessionEnds(check: CheckContext): Promise<Outcome> {
  const account = check.account('first');
  const fields = { clientId: check.clientId(account), clean: false, sessionExpiry: 1 };
  const client = await check.connect(account, { ...fields, clean: true });
  await client.disconnect();
  await sleep(EXPIRY_GRACE_MS);
  const again = await check.connect(account, fields);
  const said = `${EXPIRY_GRACE_MS / 1000} s after a session of 1 s was left`;
  return again.connack?.sessionPresent === true
    ? fail(`it is still there ${said}`)
    : pass(`it is gone ${said}`);
}

async function offlineQueue(check: CheckContext): Promise<Outcome> {
  const away = await leave(check);
  const back = await check.connect(away.route.to, away.fields);
  return delivered(back, away.payloads);
}

async function persistence(check: CheckContext): Promise<Outcome> {
  const { restart } = check.options;
  if (restart === undefined) throw new NotGiven('give --restart, a command that restarts the broker');
  const away = await leave(check);
  await restart();
  const back = await reconnect(check, away);
  if (back === undefined) return fail(`the broker was not back ${RESTART_MS / 1000} s after its restart`);
  return delivered(back, away.payloads);
}

interface Away {
  readonly route: Route;
  readonly fields: Partial<ConnectFields> & { readonly clientId: string };
  readonly payloads: readonly string[];
}

/** A client subscribes and goes; then messages are published for it. */
async function leave(check: CheckContext): Promise<Away> {
  const route = check.routes({ to: 'first' })[0] ?? check.route();
  // As our clients do: Mosquitto 2.0 does not write sessions to its file that began with Clean Start.
  const fields = { clientId: check.clientId(route.to), sessionExpiry: 600, clean: false };
  const client = await check.listen(route.to, route.topic, fields);
  await client.disconnect();
  const payloads = Array.from({ length: QUEUED }, () => check.unique());
  const writer = await check.connect(route.from);
  const codes = await check.publishAll(writer, route.topic, payloads);
  const refused = codes.find((code) => code === undefined || code >= 0x80);
  if (refused !== undefined)
    throw new Error(`"${route.from.name}" may not publish ${route.topic}: ${hex(refused)}`);
  await writer.disconnect();
  return { route, fields, payloads };
}

async function delivered(client: WireClient, payloads: readonly string[]): Promise<Outcome> {
  if (client.connack?.sessionPresent !== true) return fail('the session was not there any more');
  await client.waitFor(() => client.messages.length >= payloads.length, ARRIVAL_MS);
  await client.waitFor(() => false, SILENCE_MS / 2);
  const came = client.messages.map(({ payload }) => payload).filter((payload) => payloads.includes(payload));
  if (came.join() === payloads.join())
    return pass(`${came.length} of ${payloads.length}, in order, each once`);
  const missing = payloads.filter((payload) => !came.includes(payload)).length;
  return fail(missing > 0 ? `${missing} of ${payloads.length} were lost` : 'they came twice or out of order');
}

/** The session may only be taken up once, so each attempt before that must have failed. */
async function reconnect(check: CheckContext, away: Away): Promise<WireClient | undefined> {
  for (const end = performance.now() + RESTART_MS; performance.now() < end; await sleep(500)) {
    const attempt = await check.attemptAs(away.route.to, away.fields);
    if (attempt.kind === 'connected') return attempt.client;
  }
  return undefined;
}
