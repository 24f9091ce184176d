import type { EgizError } from '../../lib/errors/egiz-error';
import type { WayOut } from '../shell/start';

/** Ids come from outside: no more are remembered. */
const MAX_REMEMBERED = 1_000;

/** Tells a fault once a topic: a device that says nonsense says it again every minute. */
export class FaultyTopics {
  readonly #told = new Set<string>();

  once(error: EgizError, out: WayOut, topic = error.cause.topic ?? ''): void {
    const key = `${error.code} ${topic}`;
    if (this.#told.has(key)) return;
    if (this.#told.size >= MAX_REMEMBERED) this.#told.clear();
    this.#told.add(key);
    out.error(error, topic);
  }
}
