import type { ConfigurationCommand } from '../commands/messages';
import { parseCommand } from '../commands/parse-command';
import { EgizError } from '../errors/egiz-error';
import type { IncomingMessage } from '../mqtt/link';
import type { TraceContext } from './state';

/** @throws EgizError `RETAINED_COMMAND`, `INVALID_MESSAGE` */
export function commandOf(message: IncomingMessage): ConfigurationCommand {
  if (message.retain) throw retained(message.topic);
  return parseCommand(message.payload);
}

export function traceOf({ properties }: IncomingMessage): TraceContext {
  const { traceparent, tracestate } = properties.userProperties ?? {};
  return {
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
}

function retained(topic: string): EgizError {
  return new EgizError('RETAINED_COMMAND', 'A retained command was ignored: it may be old', {
    topic,
    mend: 'Remove it from the broker; commands are published without the retain flag.',
  });
}
