import type { Correlation } from '../../lib/commands/correlate';
import type { ConfigurationService } from '../../lib/commands/service';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import type { IncomingMessage } from '../../lib/mqtt/link';
import type { StoreNode } from '../egiz-store/store-node';
import type { FlowMessage } from '../shell/input';

/** While the store cannot be used, a report is tried again this often. */
const STORE_RETRY_MS = 1_000;

export type Report = Pick<IncomingMessage, 'topic' | 'payload' | 'properties'>;

/**
 * A message from another source, e.g. the core `mqtt in` node.
 * @throws EgizError `INVALID_MESSAGE`
 */
export function reportOf({ topic, payload, correlationData }: FlowMessage): Report {
  if (typeof topic !== 'string' || !(typeof payload === 'string' || typeof payload === 'object')) {
    throw new EgizError('INVALID_MESSAGE', 'The message has no topic, or no payload that could be a report', {
      mend: 'Send msg.topic with the status topic and msg.payload with its JSON.',
    });
  }
  return {
    topic,
    payload: bytesOf(payload),
    properties: Buffer.isBuffer(correlationData) ? { correlationData } : {},
  };
}

function bytesOf(payload: string | object | null): Buffer {
  if (Buffer.isBuffer(payload)) return payload;
  return Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload), 'utf8');
}

/**
 * Stores a report as soon as the store is there. While it is not, the broker waits for its PUBACK and keeps
 * the rest: nothing is lost, nothing piles up here.
 * @throws EgizError `INVALID_MESSAGE`, `INVALID_TOPIC`; what `signal` was aborted with
 */
export async function recordWhenOpen(
  store: StoreNode,
  report: Report,
  signal: AbortSignal,
): Promise<Correlation> {
  for (;;) {
    try {
      return await record(store.open().service, report);
    } catch (fault) {
      if (toEgizError(fault).code !== 'STORE_UNAVAILABLE') throw fault;
    }
    if (signal.aborted) throw signal.reason;
    await pause(signal);
  }
}

async function record(service: ConfigurationService, report: Report): Promise<Correlation> {
  for (const profile of service.profiles) {
    const parsed = profile.report(report);
    if (parsed !== undefined) return service.record(parsed);
  }
  throw new EgizError('INVALID_TOPIC', `${report.topic} is not a topic on which clients report`, {
    topic: report.topic,
  });
}

/** Until the next attempt, or until `signal` is aborted. */
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, STORE_RETRY_MS).unref();
    signal.addEventListener('abort', end);
  });
}
