import { EgizError } from '../../lib/errors/egiz-error';
import { isJsonObject } from '../../lib/json/json';
import { accountOf } from '../../lib/presence/device';
import type { PresenceMessage } from '../../lib/presence/evidence';
import { listDevices, readOf, summaryOf } from '../../lib/presence/reads';
import type { PresenceTracker } from '../../lib/presence/tracker';
import type { FlowMessage } from '../shell/input';

/**
 * The answer to `msg.read` or `msg.forget`; undefined for a message of a device.
 * @throws EgizError `INVALID_REQUEST`
 */
export function answerTo(tracker: PresenceTracker, msg: FlowMessage): object | undefined {
  if (msg.read !== undefined) {
    return readOf(msg.read) === 'summary' ? summaryOf(tracker) : listDevices(tracker, msg.payload);
  }
  return msg.forget === undefined ? undefined : { forgotten: forget(tracker, msg.forget) };
}

/** By account: how many there were; in several places the same board's id may have been heard. */
function forget(tracker: PresenceTracker, account: unknown): number {
  const keys = [...tracker.devices]
    .filter(([, { place }]) => accountOf(place) === account)
    .map(([key]) => key);
  for (const key of keys) tracker.forget(key);
  return keys.length;
}

/**
 * The messages of devices in one message of the flow: itself, or the entries of a batch.
 * @throws EgizError `INVALID_MESSAGE`
 */
export function messagesIn(msg: FlowMessage): readonly PresenceMessage[] {
  if (Array.isArray(msg.payload)) return msg.payload.map(messageOf);
  return [messageOf(msg)];
}

function messageOf(value: unknown): PresenceMessage {
  if (isJsonObject(value) && typeof value.topic === 'string' && value.payload !== undefined) {
    return { topic: value.topic, payload: value.payload, retain: value.retain === true };
  }
  throw new EgizError('INVALID_MESSAGE', 'The message has no topic, or no payload', {
    mend: 'Send msg.topic with the topic of a device and msg.payload with its JSON, or ask with msg.read.',
  });
}
