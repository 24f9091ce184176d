import type { Node } from 'node-red';
import type { EgizError } from '../../lib/errors/egiz-error';
import type { StoreNode } from '../egiz-store/store-node';
import { calmStatusOf } from '../shell/status';
import type { ListeningState } from './subscription';

/** A reason longer than this does not fit under a node. */
const MAX_TEXT = 40;

/** Shows under the node whether reports reach it and can be stored. */
export class ListeningStatus {
  readonly #show: ReturnType<typeof calmStatusOf>;
  readonly #stopHealth: () => void;
  #fault: EgizError | undefined;
  /** Undefined without a broker. */
  #listening: ListeningState | undefined;

  constructor(node: Node, store: StoreNode) {
    this.#show = calmStatusOf(node);
    this.#stopHealth = store.onHealth((fault) => {
      this.#fault = fault;
      this.#refresh();
    });
  }

  set(state: ListeningState): void {
    this.#listening = state;
    this.#refresh();
  }

  stop(): void {
    this.#stopHealth();
  }

  #refresh(): void {
    const state = this.#listening;
    if (this.#fault !== undefined) this.#show('red', 'status.noStore');
    else if (state === undefined) this.#show('green', 'status.ready');
    else if (state.kind === 'listening') this.#show('green', 'status.listening');
    else if (state.kind === 'refused') this.#show('red', 'status.refused');
    else if (state.kind === 'disconnected') this.#show('red', state.reason.slice(0, MAX_TEXT), 'ring');
    else this.#show('yellow', 'status.connecting', 'ring');
  }
}
