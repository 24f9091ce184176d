import type { Node } from 'node-red';
import { EgizError } from '../../lib/errors/egiz-error';
import type { LinkState } from '../../lib/mqtt/link';
import type { Outlet } from '../../lib/outbox/publisher';
import type { OpenStore, StoreNode } from '../egiz-store/store-node';
import { statusOf } from '../shell/status';

/** How often the depth of the outbox is shown. */
const PERIOD_MS = 2_000;

/**
 * Shows under the node what stands between a request and its publication: the store, the broker, the outbox.
 * @returns the function that stops it
 */
export function showPublishing(node: Node, store: StoreNode, outlet: Outlet): () => void {
  const show = statusOf(node);
  let open: OpenStore | EgizError | undefined;
  let link: LinkState = { kind: 'connecting' };

  const refresh = async () => {
    if (open === undefined) return;
    if (open instanceof EgizError) {
      show('red', 'status.noStore');
      return;
    }
    const { rows } = await open.service.store.transaction((tx) => tx.outboxDepth());
    if (link.kind !== 'connected') show(rows > 0 ? 'red' : 'yellow', 'status.noBroker', 'ring');
    else if (rows > 0) show('blue', `${rows} ⇢`, 'ring');
    else show('green', 'status.ready');
  };
  const safely = () => void refresh().catch(() => show('red', 'status.noStore'));

  const stopStore = store.onService((state) => {
    open = state;
    safely();
  });
  const stopLink = outlet.onState((state) => {
    link = state;
    safely();
  });
  const timer = setInterval(safely, PERIOD_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    stopStore();
    stopLink();
  };
}
