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
  let open: OpenStore | undefined;
  let ill = false;
  let link: LinkState = { kind: 'connecting' };
  let stopped = false;

  const refresh = async () => {
    const rows = ill || open === undefined ? undefined : await depthOf(open);
    // A late answer must not stand under the node that has taken this one's place.
    if (stopped) return;
    if (rows === undefined) show('red', 'status.noStore');
    else if (link.kind === 'connecting') show('yellow', 'status.connecting', 'ring');
    else if (link.kind !== 'connected') show(rows > 0 ? 'red' : 'yellow', missing(link), 'ring');
    else if (rows > 0) show('blue', `${rows} ⇢`, 'ring');
    else show('green', 'status.ready');
  };
  const look = () => void refresh();

  const stops = [
    store.onService((state) => {
      open = state instanceof EgizError ? undefined : state;
      look();
    }),
    store.onHealth((fault) => {
      ill = fault !== undefined;
      look();
    }),
    outlet.onState((state) => {
      link = state;
      look();
    }),
  ];
  const timer = setInterval(look, PERIOD_MS).unref();
  return () => {
    stopped = true;
    clearInterval(timer);
    for (const stop of stops) stop();
  };
}

/** Undefined when the store does not say. */
async function depthOf({ service }: OpenStore): Promise<number | undefined> {
  try {
    const { rows } = await service.store.transaction((tx) => tx.outboxDepth());
    return rows;
  } catch {
    return undefined;
  }
}

function missing(link: LinkState): string {
  return link.kind === 'disconnected' && link.code === 'OUTPUT_UNWIRED'
    ? 'status.unwired'
    : 'status.noBroker';
}
