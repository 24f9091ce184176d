import type { Transition } from '../../lib/commands/transition';
import { EgizError } from '../../lib/errors/egiz-error';
import { alertView, commandView } from '../../lib/fleet/views';
import type { AlertRecord } from '../../lib/store/store';
import type { StoreNode } from '../egiz-store/store-node';
import type { FlowMessage } from '../shell/input';
import type { WayOut } from '../shell/start';

/**
 * Output 1: every transition of a command, whoever caused it; output 2: every alert.
 * @returns the function that stops it
 */
export function tellEvents(store: StoreNode, { send }: WayOut): () => void {
  const onTransition = ({ command, from }: Transition) => {
    const payload = { ...commandView(command), tenantId: command.tenantId, from };
    send([message(`${command.tenantId}.${command.clientId}`, payload), null, null]);
  };
  const onAlert = (alert: AlertRecord) => {
    send([null, message(alert.code, { ...alertView(alert), tenantId: alert.tenantId }), null]);
  };
  let stop: () => void = () => undefined;
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

/** Node-RED gives the message its id. */
function message(topic: string, payload: object): FlowMessage {
  return { topic, payload } as unknown as FlowMessage;
}
