import type { Node } from 'node-red';
import { type SavedPresence, savedDevices, savePresence } from '../../lib/presence/saved';
import type { PresenceTracker } from '../../lib/presence/tracker';

const KEY = 'presence';
/** At most this much is not known after Node-RED was killed; a deploy and an orderly end lose nothing. */
const SAVE_MS = 60_000;

type Answer = (fault?: Error | null, value?: unknown) => void;
/** The context as Node-RED has it: the published types know no store for the form with a callback. */
interface Context {
  get(key: string, store: string, answer: Answer): void;
  set(key: string, value: SavedPresence, store: string, answer: Answer): void;
}

/** Where a tracker's devices are when there is no node. */
export interface PresenceMemory {
  restore(): Promise<void>;
  /** @param removed the node is gone for good */
  close(removed: boolean): Promise<void>;
}

/**
 * From one deploy to the next. Without context stores in its settings Node-RED forgets a node's context with each
 * deploy, so it is of no use here.
 */
export class MemoryOverDeploys implements PresenceMemory {
  readonly #kept: Map<string, SavedPresence>;
  readonly #id: string;
  readonly #tracker: PresenceTracker;

  /** @param kept by the ids of nodes; outlives them */
  constructor(kept: Map<string, SavedPresence>, { id }: Node, tracker: PresenceTracker) {
    this.#kept = kept;
    this.#id = id;
    this.#tracker = tracker;
  }

  async restore(): Promise<void> {
    this.#tracker.restore(this.#kept.get(this.#id)?.devices ?? []);
    this.#kept.delete(this.#id);
  }

  async close(removed: boolean): Promise<void> {
    if (!removed) this.#kept.set(this.#id, savePresence(this.#tracker));
  }
}

/** In a context store, which may be on disk: then the devices outlive a restart, too. */
export class MemoryInContext implements PresenceMemory {
  readonly #context: Context;
  readonly #store: string;
  readonly #tracker: PresenceTracker;
  readonly #onFault: (fault: unknown) => void;
  readonly #timer: NodeJS.Timeout;

  constructor(node: Node, store: string, tracker: PresenceTracker, onFault: (fault: unknown) => void) {
    this.#context = node.context() as unknown as Context;
    this.#store = store;
    this.#tracker = tracker;
    this.#onFault = onFault;
    this.#timer = setInterval(() => void this.#save(), SAVE_MS).unref();
  }

  async restore(): Promise<void> {
    try {
      const saved = await answerOf((answer) => this.#context.get(KEY, this.#store, answer));
      this.#tracker.restore(savedDevices(saved));
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#save();
  }

  async #save(): Promise<void> {
    try {
      const saved = savePresence(this.#tracker);
      await answerOf((answer) => this.#context.set(KEY, saved, this.#store, answer));
    } catch (fault) {
      this.#onFault(fault);
    }
  }
}

function answerOf(ask: (answer: Answer) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    ask((fault, value) => (fault === undefined || fault === null ? resolve(value) : reject(fault)));
  });
}
