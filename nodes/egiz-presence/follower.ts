import { toEgizError } from '../../lib/errors/egiz-error';
import { EvidenceReader, type PresenceMessage } from '../../lib/presence/evidence';
import type { PresenceTracker } from '../../lib/presence/tracker';
import type { ListenState } from '../shell/listen';
import type { WayOut } from '../shell/start';
import { FaultyTopics } from './faulty-topics';
import type { PresenceStatus } from './presence-status';

/** Brings what comes, from the node's own subscription and from its input, to the tracker. */
export class Follower {
  readonly #tracker: PresenceTracker;
  readonly #status: PresenceStatus;
  readonly #out: WayOut;
  readonly #reader = new EvidenceReader();
  readonly #faulty = new FaultyTopics();

  constructor(tracker: PresenceTracker, status: PresenceStatus, out: WayOut) {
    this.#tracker = tracker;
    this.#status = status;
    this.#out = out;
  }

  turn(): void {
    this.#tracker.turn(Date.now());
    this.#status.refresh();
  }

  onState(state: ListenState): void {
    if (state.kind === 'listening') this.#tracker.listen(Date.now());
    else this.#tracker.deafen();
    if (state.kind === 'refused') this.#faulty.once(state.error, this.#out);
    this.#status.set(state);
  }

  /** Of the own subscription: nobody waits for an answer. */
  onMessage(message: PresenceMessage): void {
    try {
      this.#hear(message);
    } catch (fault) {
      this.#faulty.once(toEgizError(fault), this.#out, message.topic);
    }
  }

  /**
   * Of the flow, one or many.
   * @throws EgizError the fault of the first that cannot be read; the others are heard all the same
   */
  takeAll(messages: readonly PresenceMessage[]): void {
    const faults: unknown[] = [];
    for (const message of messages) {
      try {
        this.#hear(message);
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (faults.length > 0) throw faults[0];
  }

  #hear(message: PresenceMessage): void {
    const evidence = this.#reader.read(message);
    if (evidence !== undefined) this.#tracker.hear(evidence, Date.now());
  }
}
