import { ALERT_RULES } from '../broker-health/alerts';
import { FIGURES, type FigureKind } from '../broker-health/figures';
import type { BrokerHealth } from '../broker-health/health';
import { Counter, Gauge, type Registry } from './registry';

const PREFIX = 'egiz_broker_';

/**
 * The metrics of the brokers that this process watches, each by the name it is given. A figure that a broker has not
 * told is absent.
 */
export class BrokerMetrics {
  readonly #brokers = new Map<BrokerHealth, string>();

  constructor(registry: Registry) {
    for (const kind of FIGURES) this.#addFigure(registry, kind);
    this.#addGauge(registry, 'up', 'Whether the broker can be reached', ({ reachable }) => Number(reachable));
    this.#addGauge(registry, 'queued_messages', 'Messages that wait for clients', ({ queue }) => queue);
    this.#addAlerts(registry);
    this.#addFamilies(registry);
  }

  /** @returns the function that ends it */
  watch(name: string, health: BrokerHealth): () => void {
    this.#brokers.set(health, name);
    return () => this.#brokers.delete(health);
  }

  #addFigure(registry: Registry, { name, metric, type, help }: FigureKind): void {
    if (type === 'gauge') {
      this.#addGauge(registry, metric, help, ({ figures }) => figures[name]);
      return;
    }
    const brokers = this.#brokers;
    new Counter({
      name: PREFIX + metric,
      help,
      labelNames: ['broker'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [{ figures }, broker] of brokers) {
          const value = figures[name];
          if (value !== undefined) this.inc({ broker }, value);
        }
      },
    });
  }

  #addGauge(
    registry: Registry,
    name: string,
    help: string,
    value: (health: BrokerHealth) => number | undefined,
  ): void {
    const brokers = this.#brokers;
    new Gauge({
      name: PREFIX + name,
      help,
      labelNames: ['broker'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [health, broker] of brokers) {
          const told = value(health);
          if (told !== undefined) this.set({ broker }, told);
        }
      },
    });
  }

  #addAlerts(registry: Registry): void {
    const brokers = this.#brokers;
    new Gauge({
      name: `${PREFIX}alert`,
      help: 'Whether an alert is raised',
      labelNames: ['broker', 'code', 'severity'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [{ alerts }, broker] of brokers) {
          for (const { code, severity } of ALERT_RULES) {
            this.set({ broker, code, severity }, Number(alerts.some((alert) => alert.code === code)));
          }
        }
      },
    });
  }

  #addFamilies(registry: Registry): void {
    const brokers = this.#brokers;
    new Counter({
      name: `${PREFIX}family_messages_total`,
      help: 'Messages by topic family, as the guard plugin counts them',
      labelNames: ['broker', 'family'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [{ families }, broker] of brokers) {
          for (const [family, { count }] of families) this.inc({ broker, family }, count);
        }
      },
    });
  }
}
