import { toEgizError } from '../../lib/errors/egiz-error';
import type { LinkState } from '../../lib/mqtt/link';
import type { BrokerNode } from '../egiz-broker/broker-node';
import type { StoreNode } from '../egiz-store/store-node';
import type { ListeningState } from './subscription';

/** Connections after which everything was sent again; the node that a deploy makes meets the same one. */
const answered = new WeakSet<LinkState>();

/**
 * When the broker has lost our session, births and statuses may be lost with it: once we listen again and the
 * store can be used, what is unfinished is sent again.
 * @returns what to call at each change of the subscription, and the function that ends it
 */
export function resendAfterLostSession(
  broker: BrokerNode,
  store: StoreNode,
  onError: (fault: Error) => void,
): { onState: (state: ListeningState) => void; stop: () => void } {
  let listening = false;
  const look = () => {
    const { state } = broker.receiver;
    if (!listening || state.kind !== 'connected' || state.sessionPresent || answered.has(state)) return;
    answered.add(state);
    resend(store).catch((fault: unknown) => {
      answered.delete(state);
      const error = toEgizError(fault);
      // A store that cannot be used tells when it can.
      if (error.code !== 'STORE_UNAVAILABLE') onError(error);
    });
  };
  const stop = store.onHealth((fault) => {
    if (fault === undefined) look();
  });
  return {
    stop,
    onState(state) {
      listening = state.kind === 'listening';
      look();
    },
  };
}

async function resend(store: StoreNode): Promise<void> {
  await store.open().service.resend();
}
