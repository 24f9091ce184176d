import type { NodeAPI } from 'node-red';
import { EgizError, toEgizError } from '../../lib/errors/egiz-error';
import { REPORT_FILTERS } from '../../lib/profiles/profiles';
import { defineNode } from '../shell/define';
import { type FlowMessage, onInput } from '../shell/input';
import { brokerOf, storeOf } from '../shell/references';
import { type WayOut, wayOutOf } from '../shell/start';
import { tellEvents } from './events';
import { ListeningStatus } from './listening-status';
import { migrations } from './migrations';
import { type Report, recordWhenOpen, reportOf } from './report';
import { resendAfterLostSession } from './resend';
import { Subscriptions } from './subscription';

/** Faults of a report itself: it goes to output 3, and there is nothing to mend in the flow. */
const REPORTS_FAULT: ReadonlySet<string> = new Set([
  'INVALID_MESSAGE',
  'INVALID_TOPIC',
  'INVALID_IDENTIFIER',
]);

export = (RED: NodeAPI): void => {
  const subscriptions = new Subscriptions(RED, REPORT_FILTERS);

  defineNode(RED, {
    type: 'egiz-status-correlate',
    migrations,
    build(node, saved) {
      const store = storeOf(RED, saved.store);
      const broker = saved.broker === '' ? undefined : brokerOf(RED, saved.broker);
      const out = wayOutOf(RED, node);
      const status = new ListeningStatus(node, store);
      const closing = new AbortController();

      /** Resolves when the report is stored, or can never be. */
      const take = async (report: Report, onFault: (error: EgizError) => void): Promise<void> => {
        try {
          const correlation = await recordWhenOpen(store, report, closing.signal);
          if (correlation.kind === 'unmatched') sendUnmatched(out, report, correlation);
        } catch (fault) {
          if (closing.signal.aborted && fault === closing.signal.reason)
            throw closedError(node.id, report.topic);
          const error = toEgizError(fault);
          sendUnmatched(out, report, { code: error.code, reason: error.message });
          if (!REPORTS_FAULT.has(error.code)) onFault(error);
        }
      };

      const stopEvents = tellEvents(store, out);
      const resend =
        broker === undefined
          ? undefined
          : resendAfterLostSession(broker, store, (fault) => out.error(fault, ''));
      const leave =
        broker === undefined
          ? undefined
          : subscriptions.join(broker, {
              node,
              take: (report) => take(report, (error) => out.error(error, report.topic)),
              onRefused: (error, topic) => out.error(error, topic),
              onState: (state) => {
                status.set(state);
                resend?.onState(state);
              },
            });

      node.on('close', () => {
        leave?.();
        resend?.stop();
        closing.abort();
        stopEvents();
        status.stop();
      });
      onInput(node, ({ msg }) =>
        take(reportOf(msg), (error) => {
          throw error;
        }),
      );
    },
  });
};

function sendUnmatched(
  { send }: WayOut,
  { topic, payload }: Report,
  why: { code: string; reason: string },
): void {
  const { code, reason } = why;
  send([null, null, { topic, payload: payload.toString('utf8'), code, reason } as unknown as FlowMessage]);
}

function closedError(id: string, topic: string): EgizError {
  return new EgizError('NODE_CLOSED', 'The node was closed while the store could not take this report', {
    id,
    topic,
    mend: 'Send the message again after the deploy.',
  });
}
