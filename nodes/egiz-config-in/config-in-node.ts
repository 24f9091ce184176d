import type { Node } from 'node-red';
import type { Answer } from '../../lib/edge/answer';

/** The member of a message that leads a `config report` to its `config in`. Text, so that copies keep it. */
export const HANDLE = '_egizConfig';

/** What a `config report` sees of the node whose message it answers. */
export interface ConfigInNode extends Node {
  /**
   * Takes a flow's answer to the configuration that was sent with `handle`. The first one decides; a later one
   * tells anew how the configuration in effect was applied.
   * @throws EgizError `CONFIG_ANSWER_LATE` when nobody waits for it any more, `CONFIG_ANSWER_INVALID`
   */
  answer(handle: string, answer: Answer): void;
}

/** A handle of the node `id`; the rest of it is the node's own matter. */
export function handleOf(id: string, serial: string): string {
  return `${id}/${serial}`;
}

/** The id of the node that made a handle, or undefined when it is none. */
export function nodeOfHandle(handle: unknown): string | undefined {
  return typeof handle === 'string' ? /^([^/]+)\/[^/]+$/.exec(handle)?.[1] : undefined;
}
