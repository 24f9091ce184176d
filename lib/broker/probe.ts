import { randomBytes } from 'node:crypto';
import { CANARY_ACCOUNT, canaryTopic } from '../acl/canary';
import { toEgizError } from '../errors/egiz-error';
import { connectMqtt } from '../mqtt/connection';
import type { MqttLink } from '../mqtt/link';
import type { Credentials, TlsOptions } from '../mqtt/options';

/** Where a running broker is asked, and how to log in there as the canary. */
export interface ProbeTarget {
  /** `mqtts://HOST:PORT` */
  readonly url: string;
  /** With the canary's certificate where the listener asks for one. */
  readonly tls?: () => TlsOptions;
  readonly credentials?: () => Credentials;
}

export interface Expectation {
  /** The generation whose right must work. */
  readonly given: string;
  /** One whose right must be gone; absent: any that never was. */
  readonly taken?: string | undefined;
}

const AGAIN_MS = 200;
const DELIVERY_MS = 2_000;
const NOT_AUTHORISED = 0x87;

/**
 * Asks until the broker does what its files say, or the time is up.
 * @returns undefined when it does; else the last finding, a sentence
 */
export async function probeAccess(
  target: ProbeTarget,
  expected: Expectation,
  timeoutMs: number,
): Promise<string | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const finding = await probeOnce(target, expected, Math.max(deadline - Date.now(), AGAIN_MS));
    if (finding === undefined || Date.now() + AGAIN_MS > deadline) return finding;
    await pause(AGAIN_MS);
  }
}

/** What came of one attempt to log in. */
export type Login = 'accepted' | 'refused' | { readonly failed: string };

/** Whether the canary is let in; a broker of before does not know it yet, and answers all the same. */
export async function tryLogin(target: ProbeTarget, timeoutMs: number): Promise<Login> {
  const link = connect(target, timeoutMs);
  try {
    return await outcomeOf(link);
  } finally {
    await link.close();
  }
}

/** Asks once, on a connection of its own: the one before may have been ended by the reload. */
export async function probeOnce(
  target: ProbeTarget,
  expected: Expectation,
  timeoutMs: number,
): Promise<string | undefined> {
  const link = connect(target, timeoutMs);
  try {
    const login = await outcomeOf(link);
    if (login === 'refused') return `the account "${CANARY_ACCOUNT}" is refused`;
    if (login !== 'accepted') return login.failed;
    return await askForRights(link, expected);
  } catch (fault) {
    return toEgizError(fault).message;
  } finally {
    await link.close();
  }
}

async function askForRights(link: MqttLink, expected: Expectation): Promise<string | undefined> {
  const given = canaryTopic(expected.given);
  const taken = canaryTopic(expected.taken ?? randomBytes(8).toString('hex'));
  const payload = randomBytes(8).toString('hex');
  const delivered = new Set<string>();
  let arrived: () => void = () => undefined;
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const note = (topic: string) => (message: { readonly payload: Buffer }) => {
    if (message.payload.toString() !== payload) return;
    delivered.add(topic);
    if (topic === given) arrived();
  };
  await link.subscribe(given, note(given));
  // A broker that checks subscriptions refuses this one, which is as good.
  await link.subscribe(taken, note(taken)).catch(() => undefined);
  const denied = await link.publish({ topic: taken, payload, qos: 1 });
  if (denied.reasonCode !== NOT_AUTHORISED) return `a publish to ${taken}, a right taken, was not denied`;
  const allowed = await link.publish({ topic: given, payload, qos: 1 });
  if (allowed.reasonCode >= 0x80) return `a publish to ${given}, a right given, was denied`;
  // Sent after the other one on the same connection, so the other one would have come first.
  await Promise.race([arrival, pause(DELIVERY_MS)]);
  if (delivered.has(taken)) return `a message on ${taken}, a right taken, was delivered`;
  if (!delivered.has(given)) return `a message on ${given}, a right given, was not delivered`;
  return undefined;
}

function connect({ url, tls, credentials }: ProbeTarget, timeoutMs: number): MqttLink {
  return connectMqtt({
    url,
    clientId: CANARY_ACCOUNT,
    ackTimeoutMs: Math.min(timeoutMs, 10_000),
    connectTimeoutMs: timeoutMs,
    ...(tls === undefined ? {} : { tls }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

/** Codes of a CONNACK that refuses this account, and of nothing else. */
const REFUSALS = ['MQTT_NOT_AUTHORISED', 'MQTT_BAD_CREDENTIALS'];

function outcomeOf(link: MqttLink): Promise<Login> {
  return new Promise((resolve) => {
    link.onState((state) => {
      if (state.kind === 'connected') resolve('accepted');
      if (state.kind !== 'disconnected') return;
      resolve(REFUSALS.includes(state.code) ? 'refused' : { failed: state.reason });
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
