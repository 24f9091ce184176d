import type { Node } from 'node-red';
import type { ListenState } from '../shell/listen';
import { calmStatusOf } from '../shell/status';

/** A reason longer than this does not fit under a node. */
const MAX_TEXT = 40;

/** Shows under the node whether messages reach it, and whether the flow keeps up. */
export class TelemetryStatus {
  readonly #show: ReturnType<typeof calmStatusOf>;
  #state: ListenState = { kind: 'connecting' };
  #slow = false;

  constructor(node: Node) {
    this.#show = calmStatusOf(node);
  }

  connection(state: ListenState): void {
    this.#state = state;
    this.#refresh();
  }

  /** @param slow messages were shed, or kept waiting at the broker, in the last second */
  flow(slow: boolean): void {
    this.#slow = slow;
    this.#refresh();
  }

  #refresh(): void {
    const state = this.#state;
    if (state.kind === 'listening') {
      if (this.#slow) this.#show('yellow', 'status.slow');
      else this.#show('green', 'status.listening');
    } else if (state.kind === 'refused') this.#show('red', 'status.refused');
    else if (state.kind === 'disconnected') this.#show('red', state.reason.slice(0, MAX_TEXT), 'ring');
    else this.#show('yellow', 'status.connecting', 'ring');
  }
}
