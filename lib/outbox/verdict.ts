import type { EgizError } from '../errors/egiz-error';
import type { PublishResult } from '../mqtt/link';

/** What the answer to a PUBLISH means for the row. */
export type Verdict =
  | { readonly kind: 'published' }
  /** Kept until the client's next birth. */
  | { readonly kind: 'held'; readonly code: string; readonly message: string }
  /** Tried again later. */
  | { readonly kind: 'retry'; readonly code: string; readonly message: string }
  /** Never tried again. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** MQTT 5.0 section 3.4.2.1; SPEC 3 says which are final. */
const FINAL: ReadonlyMap<number, readonly [code: string, message: string]> = new Map([
  [0x87, ['NOT_AUTHORISED', 'The broker does not let the service publish on the command topic (0x87)']],
  [0x90, ['TOPIC_INVALID', 'The broker refuses the topic name (0x90)']],
  [0x95, ['PACKET_TOO_LARGE', 'The message is larger than the broker takes (0x95)']],
  [0x99, ['PAYLOAD_INVALID', 'The broker refuses the payload format (0x99)']],
]);

/** Errors of the link that no later attempt would mend. */
const FINAL_ERRORS: ReadonlySet<string> = new Set(['MQTT_TOO_LARGE', 'MQTT_INVALID_TOPIC']);

export function verdictOf(result: PublishResult): Verdict {
  if (result.noSubscribers) {
    return {
      kind: 'held',
      code: 'NO_SUBSCRIBERS',
      message: 'The broker knows no session of the client (0x10)',
    };
  }
  if (result.reasonCode < 0x80) return { kind: 'published' };
  const final = FINAL.get(result.reasonCode);
  if (final !== undefined) return { kind: 'failed', code: final[0], message: final[1] };
  if (result.reasonCode === 0x97) {
    return { kind: 'retry', code: 'QUOTA_EXCEEDED', message: 'The broker is over its quota (0x97)' };
  }
  const hex = `0x${result.reasonCode.toString(16)}`;
  return { kind: 'retry', code: 'BROKER_REFUSED', message: `The broker refused the message (${hex})` };
}

export function verdictOfError(error: EgizError): Verdict {
  if (FINAL_ERRORS.has(error.code)) return { kind: 'failed', code: error.code, message: error.message };
  return { kind: 'retry', code: 'BROKER_UNAVAILABLE', message: error.message };
}
