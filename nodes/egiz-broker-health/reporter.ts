import type { BrokerHealth } from '../../lib/broker-health/health';
import { alertView, digestOf, metricsOf } from '../../lib/broker-health/report';
import type { FlowMessage } from '../shell/input';
import type { WayOut } from '../shell/start';

/** Puts a broker's health into messages: output 1 metrics, output 2 alerts, output 3 for a dashboard. */
export class HealthReporter {
  readonly #health: BrokerHealth;
  readonly #broker: string;
  readonly #out: WayOut;

  /** @param broker its name for people */
  constructor(health: BrokerHealth, broker: string, out: WayOut) {
    this.#health = health;
    this.#broker = broker;
    this.#out = out;
  }

  /** Looks at everything, and tells the alerts that have begun or ended. */
  look(): void {
    const changes = this.#health.evaluate(Date.now());
    for (const change of changes) {
      const payload = { broker: this.#broker, state: change.state, ...alertView(change) };
      this.#out.send([null, message(change.code, payload), null]);
    }
    if (changes.length > 0) this.#out.send([null, null, message(this.#broker, this.#digest())]);
  }

  tell(): void {
    const metrics = message(this.#broker, this.#metrics());
    this.#out.send([metrics, null, message(this.#broker, this.#digest())]);
  }

  /** How it is now, for whoever asks with a message of their own. */
  answer(msg: FlowMessage): (FlowMessage | null)[] {
    return [{ ...msg, payload: this.#metrics() }, null, { ...msg, payload: this.#digest() }];
  }

  #metrics(): object {
    return metricsOf(this.#health, this.#broker, Date.now());
  }

  #digest(): object {
    return digestOf(this.#health, this.#broker, Date.now());
  }
}

/** Node-RED gives the message its id. */
function message(topic: string, payload: object): FlowMessage {
  return { topic, payload } as unknown as FlowMessage;
}
