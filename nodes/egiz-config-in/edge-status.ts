import type { Node, NodeAPI } from 'node-red';
import type { EdgeProgress } from '../../lib/edge/client';
import type { LinkState } from '../../lib/mqtt/link';
import { calmStatusOf, type StatusFill } from '../shell/status';

/** A reason longer than this does not fit under a node. */
const MAX_TEXT = 40;

/** Shows under the node what the client runs, what it does, and why it is not connected. */
export class EdgeStatus {
  readonly #RED: NodeAPI;
  readonly #show: ReturnType<typeof calmStatusOf>;
  #link: LinkState = { kind: 'connecting' };
  #progress: EdgeProgress = { revision: 0, applying: undefined, last: undefined };

  constructor(RED: NodeAPI, node: Node) {
    this.#RED = RED;
    this.#show = calmStatusOf(node);
    this.#refresh();
  }

  link(state: LinkState): void {
    this.#link = state;
    this.#refresh();
  }

  progress(progress: EdgeProgress): void {
    this.#progress = progress;
    this.#refresh();
  }

  #refresh(): void {
    const { applying, last, revision } = this.#progress;
    if (this.#link.kind === 'disconnected') this.#show('red', this.#link.reason.slice(0, MAX_TEXT), 'ring');
    else if (this.#link.kind !== 'connected') this.#show('yellow', 'status.connecting', 'ring');
    else if (applying !== undefined) this.#tell('blue', 'status.applying', applying, 'ring');
    else if (last !== undefined && (last.state === 'rejected' || last.state === 'failed')) {
      this.#tell('yellow', `status.${last.state}`, last.revision);
    } else if (revision === 0) this.#show('grey', 'status.empty', 'ring');
    else this.#tell('green', 'status.applied', revision);
  }

  /** The editor translates keys only without parameters, so the runtime does. */
  #tell(fill: StatusFill, key: string, revision: number, shape: 'dot' | 'ring' = 'dot'): void {
    this.#show(fill, String(this.#RED._(key, { revision })), shape);
  }
}
