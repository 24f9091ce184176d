import { EgizError, toEgizError } from '../errors/egiz-error';
import type { MqttLink, PublishResult } from '../mqtt/link';
import type { Clock } from '../time/clock';
import type { ClientRef } from '../topics/clients';
import type { EdgeMemory } from './memory';
import { connectionMessage, reportMessage, settleReport } from './reports';
import type { KeptReport } from './state';
import type { EdgeStep } from './steps';

export interface ReporterOptions {
  readonly ref: ClientRef;
  readonly memory: EdgeMemory;
  readonly clock: Clock;
  readonly trace: (step: EdgeStep) => void;
  readonly onWarning: (warning: EgizError) => void;
}

/**
 * Until a message nobody received, or the broker refused, is published again: soon, for after a broker's
 * restart the service is back in a moment, then ever less often.
 */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** Errors that the next connection cures by itself. */
const CURED_BY_RECONNECT: ReadonlySet<string> = new Set([
  'MQTT_NOT_CONNECTED',
  'MQTT_CONNECTION_LOST',
  'MQTT_CLOSED',
]);

/** Publishes reports until the broker has taken them, and the birth message at each connection. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #link: Pick<MqttLink, 'publish'>;
  readonly #sending = new Set<string>();
  #connected = false;
  #cancelRetry: (() => void) | undefined;
  #birthDue = false;
  #retryMs = FIRST_RETRY_MS;

  constructor(link: Pick<MqttLink, 'publish'>, options: ReporterOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** What is pending goes first, so that the birth does not answer for it. */
  connected(): void {
    this.#connected = true;
    this.#birthDue = true;
    this.#retryMs = FIRST_RETRY_MS;
    this.flush();
  }

  disconnected(): void {
    this.#connected = false;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  /** Publishes what is pending and not yet on its way. */
  flush(): void {
    if (!this.#connected) return;
    for (const kept of this.#options.memory.state.reports) {
      if (kept.pending) this.#send(kept);
    }
    if (!this.#birthDue) return;
    this.#birthDue = false;
    this.#birth();
  }

  #send(kept: KeptReport): void {
    const { ref, memory, trace } = this.#options;
    const key = `${kept.report.bootId}/${kept.report.seq}`;
    if (this.#sending.has(key)) return;
    this.#sending.add(key);
    const answer = this.#link.publish(reportMessage(ref, kept));
    trace('report:sent');
    const settled = () => {
      trace('report:acknowledged');
      // Not at once: if it is lost, the report is only published once more.
      memory.changeLazily((state) => settleReport(state, kept.report));
      trace('report:settled');
    };
    void this.#watch(answer, settled, () => undefined).finally(() => this.#sending.delete(key));
  }

  #birth(): void {
    const { ref, memory, clock } = this.#options;
    const again = () => {
      this.#birthDue = true;
    };
    const answer = this.#link.publish(connectionMessage(ref, memory.state, 'online', clock.now()));
    void this.#watch(answer, () => undefined, again);
  }

  async #watch(answer: Promise<PublishResult>, taken: () => void, refused: () => void): Promise<void> {
    try {
      const { reasonCode, noSubscribers } = await answer;
      if (reasonCode < 0x80 && !noSubscribers) return taken();
      refused();
      // Nobody there (0x10): the service has no session yet.
      this.#retryLater();
      if (reasonCode >= 0x80) this.#options.onWarning(refusal(reasonCode));
    } catch (fault) {
      const error = toEgizError(fault);
      if (CURED_BY_RECONNECT.has(error.code)) return;
      refused();
      this.#retryLater();
      this.#options.onWarning(error);
    }
  }

  #retryLater(): void {
    if (!this.#connected) return;
    this.#cancelRetry ??= this.#options.clock.after(this.#retryMs, () => {
      this.#cancelRetry = undefined;
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
      this.flush();
    });
  }
}

function refusal(reasonCode: number): EgizError {
  return new EgizError('STATUS_REFUSED', 'The broker refuses the status messages of this client', {
    reasonCode,
    mend: 'Check that the account may write its own status topic.',
  });
}
