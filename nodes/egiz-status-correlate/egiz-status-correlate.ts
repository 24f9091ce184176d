import type { NodeAPI } from 'node-red';
import type { Correlation } from '../../lib/commands/correlate';
import type { ConfigurationService } from '../../lib/commands/service';
import type { Transition } from '../../lib/commands/transition';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import { alertView, commandView } from '../../lib/fleet/views';
import type { IncomingMessage } from '../../lib/mqtt/link';
import { clientsProfile } from '../../lib/profiles/clients';
import type { AlertRecord } from '../../lib/store/store';
import type { StoreNode } from '../egiz-store/store-node';
import { defineNode } from '../shell/define';
import { type FlowMessage, onInput } from '../shell/input';
import { brokerOf, storeOf } from '../shell/references';
import { calmStatusOf } from '../shell/status';
import { migrations } from './migrations';

/** A report is kept at the broker while the store is down, and asked for again this often. */
const STORE_RETRY_MS = 1_000;

type Report = Pick<IncomingMessage, 'topic' | 'payload' | 'properties'>;

export = (RED: NodeAPI): void => {
  defineNode(RED, {
    type: 'egiz-status-correlate',
    migrations,
    build(node, saved) {
      const store = storeOf(RED, String(saved.store ?? ''));
      const broker = brokerOf(RED, String(saved.broker ?? ''));
      const show = calmStatusOf(node);
      const closing = new AbortController();

      const unmatched = (report: Report, code: string, reason: string) => {
        const { topic, payload } = report;
        node.send([null, null, { topic, payload: payload.toString('utf8'), code, reason }] as never);
      };

      /** Resolves when the report is stored, or can never be: then the broker may forget it. */
      const take = async (report: Report): Promise<void> => {
        try {
          const correlation = await recordWhenOpen(store, report, closing.signal);
          if (correlation?.kind === 'unmatched') unmatched(report, correlation.code, correlation.reason);
        } catch (fault) {
          const error = toEgizError(fault);
          if (error.code === 'NODE_CLOSED') throw error;
          unmatched(report, error.code, error.message);
        }
      };

      const unregister = broker.register(node);
      const subscribed = clientsProfile.reportFilters.map((filter) =>
        broker.receiver.subscribe(filter, take),
      );
      void Promise.all(subscribed).catch((fault: unknown) => node.error(toEgizError(fault).message));

      onInput(node, ({ msg }) => take(reportOf(msg)));

      const stopEvents = tellEvents(store, node.send.bind(node) as (msgs: (FlowMessage | null)[]) => void);
      const stopState = broker.receiver.onState((state) => {
        if (state.kind === 'connected') show('green', 'status.listening');
        else if (state.kind === 'disconnected') show('red', state.reason.slice(0, 40), 'ring');
        else show('yellow', 'status.connecting', 'ring');
      });

      node.on('close', (_removed: boolean, done: () => void) => {
        closing.abort(new EgizError('NODE_CLOSED', 'The node was closed'));
        stopEvents();
        stopState();
        const left = clientsProfile.reportFilters.map((filter) => broker.receiver.unsubscribe(filter));
        void Promise.allSettled(left).then(() => {
          unregister();
          done();
        });
      });
    },
  });
};

/**
 * Stores a report as soon as the store is there. While it is not, the broker waits for its PUBACK and keeps
 * the rest: nothing is lost, nothing piles up here.
 */
async function recordWhenOpen(
  store: StoreNode,
  report: Report,
  signal: AbortSignal,
): Promise<Correlation | undefined> {
  for (;;) {
    if (signal.aborted) throw signal.reason;
    try {
      const { service } = store.open();
      return await record(service, report);
    } catch (fault) {
      if (toEgizError(fault).code !== 'STORE_UNAVAILABLE') throw fault;
    }
    await new Promise((resolve) => setTimeout(resolve, STORE_RETRY_MS).unref());
  }
}

/** @throws EgizError `INVALID_MESSAGE`, `INVALID_TOPIC`, `STORE_UNAVAILABLE` */
async function record(service: ConfigurationService, report: Report): Promise<Correlation> {
  for (const profile of service.profiles) {
    const parsed = profile.report(report);
    if (parsed !== undefined) return service.record(parsed);
  }
  throw new EgizError('INVALID_TOPIC', `${report.topic} is not a topic on which clients report`, {
    topic: report.topic,
  });
}

/** A message from another source, e.g. the core `mqtt in` node. */
function reportOf(msg: FlowMessage): Report {
  const { topic, payload, correlationData } = msg;
  const known =
    typeof topic === 'string' &&
    (Buffer.isBuffer(payload) || typeof payload === 'string' || typeof payload === 'object');
  if (!known) {
    throw new EgizError('INVALID_MESSAGE', 'The message has no topic, or no payload that could be a report', {
      mend: 'Send msg.topic with the status topic and msg.payload with its JSON.',
    });
  }
  const text = Buffer.isBuffer(payload)
    ? payload
    : typeof payload === 'string'
      ? payload
      : JSON.stringify(payload);
  return {
    topic,
    payload: Buffer.isBuffer(text) ? text : Buffer.from(text, 'utf8'),
    properties: Buffer.isBuffer(correlationData) ? { correlationData } : {},
  };
}

/** Output 1: transitions; output 2: alerts. */
function tellEvents(store: StoreNode, send: (msgs: (FlowMessage | null)[]) => void): () => void {
  let stop: () => void = () => undefined;
  const onTransition = ({ command, from }: Transition) => {
    const payload = { ...commandView(command), tenantId: command.tenantId, from };
    send([
      { topic: `${command.tenantId}.${command.clientId}`, payload } as unknown as FlowMessage,
      null,
      null,
    ]);
  };
  const onAlert = (alert: AlertRecord) => {
    const payload = { ...alertView(alert), tenantId: alert.tenantId };
    send([null, { topic: alert.code, payload } as unknown as FlowMessage, null]);
  };
  const stopStore = store.onService((state) => {
    stop();
    stop = () => undefined;
    if (state instanceof EgizError) return;
    const { service } = state;
    service.on('transition', onTransition);
    service.on('alert', onAlert);
    stop = () => {
      service.off('transition', onTransition);
      service.off('alert', onAlert);
    };
  });
  return () => {
    stopStore();
    stop();
  };
}
