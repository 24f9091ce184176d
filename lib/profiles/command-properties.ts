import type { PublishProperties } from '../mqtt/link';
import type { CommandRecord, RevisionRecord } from '../store/store';

/** The MQTT properties that a configuration command carries in every profile (SPEC 3 "Messages"). */
export function commandProperties(
  command: CommandRecord,
  revision: RevisionRecord,
  now: number,
): PublishProperties {
  return {
    contentType: 'application/json',
    payloadFormatIndicator: true,
    // Rounded down: the message must not outlive the command.
    messageExpiryInterval: Math.max(1, Math.floor((command.expiresAt - now) / 1000)),
    userProperties: {
      revision: String(command.revision),
      schema: revision.schema,
      ...(command.traceparent === null ? {} : { traceparent: command.traceparent }),
      ...(command.tracestate === null ? {} : { tracestate: command.tracestate }),
    },
  };
}
