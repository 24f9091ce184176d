import { toEgizError } from '../../lib/errors/egiz-error';
import type { BrokerNode } from '../egiz-broker/broker-node';
import type { StoreNode } from '../egiz-store/store-node';
import type { ListeningState } from './subscription';

/**
 * When the broker has lost our session, births and statuses may be lost with it: once we listen again, what is
 * unfinished is sent again.
 * @returns what to call at each change of the subscription, and the function that ends it
 */
export function resendAfterLostSession(
  broker: BrokerNode,
  store: StoreNode,
  onError: (fault: Error) => void,
): { onState: (state: ListeningState) => void; stop: () => void } {
  let lost = false;
  const stop = broker.receiver.onState((state) => {
    if (state.kind === 'connected') lost = !state.sessionPresent;
  });
  const resend = async () => {
    lost = false;
    await store.open().service.resend();
  };
  return {
    stop,
    onState(state) {
      if (state.kind !== 'listening' || !lost) return;
      resend().catch((fault: unknown) => onError(toEgizError(fault)));
    },
  };
}
