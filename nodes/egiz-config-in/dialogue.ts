import { randomUUID } from 'node:crypto';
import { type Answer, outcomeOf } from '../../lib/edge/answer';
import type { EdgeClient } from '../../lib/edge/client';
import type { Apply, ApplyContext, ApplyOutcome, Configuration } from '../../lib/edge/configuration';
import { EgizError } from '../../lib/errors/egiz-error';
import { type ClientRef, clientCommandTopic } from '../../lib/topics/clients';
import type { FlowMessage } from '../shell/input';
import { HANDLE, handleOf } from './config-in-node';

interface Question {
  readonly configuration: Configuration;
  /** Undefined once it has been answered. */
  answered: ((outcome: ApplyOutcome) => void) | undefined;
}

/** So many questions are kept after their answer: the configuration in effect may be told of anew. */
const KEPT = 8;

/** Asks the flow to apply a configuration, and takes its answers. */
export class Dialogue {
  readonly #ref: ClientRef;
  readonly #nodeId: string;
  readonly #send: (msg: FlowMessage) => void;
  readonly #questions = new Map<string, Question>();

  constructor(ref: ClientRef, nodeId: string, send: (msg: FlowMessage) => void) {
    this.#ref = ref;
    this.#nodeId = nodeId;
    this.#send = send;
  }

  readonly ask: Apply = (configuration, context) =>
    new Promise<ApplyOutcome>((resolve) => {
      const handle = handleOf(this.#nodeId, randomUUID());
      const question: Question = { configuration, answered: resolve };
      this.#questions.set(handle, question);
      for (const old of [...this.#questions.keys()].slice(0, -KEPT)) this.#questions.delete(old);
      context.signal.addEventListener('abort', () => {
        // Nobody waits any more; of an unanswered question nothing is to be told anew either.
        if (question.answered !== undefined) this.#questions.delete(handle);
      });
      this.#send(message(this.#ref, configuration, context, handle));
    });

  /** @throws EgizError `CONFIG_ANSWER_LATE`, `CONFIG_ANSWER_INVALID` */
  answer(client: EdgeClient, handle: string, answer: Answer): void {
    const question = this.#questions.get(handle);
    if (question === undefined) throw late();
    const outcome = outcomeOf(answer, question.configuration.settings);
    const { answered } = question;
    question.answered = undefined;
    if (answered !== undefined) answered(outcome);
    else if (!client.revise(question.configuration.commandId, outcome)) throw late(question.configuration);
  }
}

function message(
  ref: ClientRef,
  configuration: Configuration,
  { reason, previous, attempt }: ApplyContext,
  handle: string,
): FlowMessage {
  const { revision, version, schema, commandId, hash, settings } = configuration;
  const before =
    previous === null
      ? null
      : {
          revision: previous.revision,
          version: previous.version,
          settings: structuredClone(previous.settings),
        };
  return {
    topic: clientCommandTopic(ref),
    // The flow may change what it gets; what is kept must stay what was sent.
    payload: structuredClone(settings),
    config: {
      ...{ revision, version, schema, commandId, hash },
      previous: before,
      resume: reason !== 'command',
      reason,
      attempt,
    },
    [HANDLE]: handle,
  } as unknown as FlowMessage;
}

function late(configuration?: Configuration): EgizError {
  const which = configuration === undefined ? 'a configuration' : `revision ${configuration.revision}`;
  return new EgizError('CONFIG_ANSWER_LATE', `The answer to ${which} came when nobody waited for it`, {
    ...(configuration === undefined ? {} : { id: configuration.commandId }),
    mend: 'Answer each configuration once and within the time to confirm.',
  });
}
