import type { Node } from 'node-red';
import type { PresenceCounts } from '../../lib/presence/tracker';
import type { ListenState } from '../shell/listen';
import { calmStatusOf } from '../shell/status';

/** A reason longer than this does not fit under a node. */
const MAX_TEXT = 40;

/** Shows under the node how many of the devices are online, or why it hears nothing. */
export class PresenceStatus {
  readonly #show: ReturnType<typeof calmStatusOf>;
  readonly #counts: () => PresenceCounts;
  /** Undefined without a broker. */
  #listening: ListenState | undefined;

  constructor(node: Node, counts: () => PresenceCounts) {
    this.#show = calmStatusOf(node);
    this.#counts = counts;
    this.refresh();
  }

  set(state: ListenState): void {
    this.#listening = state;
    this.refresh();
  }

  refresh(): void {
    const state = this.#listening;
    if (state?.kind === 'refused') this.#show('red', 'status.refused');
    else if (state?.kind === 'disconnected') this.#show('red', state.reason.slice(0, MAX_TEXT), 'ring');
    else if (state?.kind === 'connecting') this.#show('yellow', 'status.connecting', 'ring');
    else this.#showCounts();
  }

  #showCounts(): void {
    const { online, stale, offline } = this.#counts();
    const total = online + stale + offline;
    if (total === 0)
      this.#show('grey', this.#listening === undefined ? 'status.ready' : 'status.listening', 'ring');
    else this.#show(online === total ? 'green' : 'yellow', `${online} / ${total}`);
  }
}
