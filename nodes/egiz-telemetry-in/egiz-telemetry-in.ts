import type { Node, NodeAPI } from 'node-red';
import { EgizError } from '../../lib/errors/egiz-error';
import { registry } from '../../lib/metrics/registry';
import { TelemetryMetrics } from '../../lib/metrics/telemetry';
import { HandOver } from '../../lib/telemetry/hand-over';
import { Intake, type TelemetryEntry } from '../../lib/telemetry/intake';
import { systemClock } from '../../lib/time/clock';
import type { BrokerNode } from '../egiz-broker/broker-node';
import { defineNode } from '../shell/define';
import { onInput } from '../shell/input';
import { Listener, type ListenState } from '../shell/listen';
import { brokerOf } from '../shell/references';
import { onceFlowsRun, type WayOut, wayOutOf } from '../shell/start';
import { parseConfig, type TelemetryConfig, type TelemetryCredentials } from './config';
import { migrations } from './migrations';
import { sendBatch, sendInvalid, sendOne, sendStatistics } from './outputs';
import { TelemetryStatus } from './telemetry-status';

/** With confirmation: messages, or batches, that may be under way in the flow. */
const UNCONFIRMED = { single: 100, batch: 2 };
/** Most that MQTT lets a broker send without an answer. */
const MAX_RECEIVE = 65_535;
/**
 * The broker keeps the share of an instance that is away until its session ends, and the others do not get it:
 * long enough for a restart, and no longer.
 */
const SHARED_EXPIRY_SECONDS = 60;
const STATISTICS_MS = 1_000;
/** One for all nodes of the runtime. */
const metrics = new TelemetryMetrics(registry);

export = (RED: NodeAPI): void => {
  defineNode(RED, {
    type: 'egiz-telemetry-in',
    credentials: { group: { type: 'password' } },
    migrations,
    build(node, saved) {
      const config = parseConfig(saved, (node.credentials ?? {}) as TelemetryCredentials);
      const broker = brokerOf(RED, saved.broker);
      const out = wayOutOf(RED, node);
      const telemetry = new Telemetry(node, broker, config, out);
      onceFlowsRun(RED, () => telemetry.start());
      onInput(node, () => telemetry.confirm());
      node.on('close', (removed: boolean, done: () => void) => {
        void telemetry.close(removed).then(done, done);
      });
    },
  });
};

/** One node: from its connection to its outputs. */
class Telemetry {
  readonly #config: TelemetryConfig;
  readonly #node: Node;
  readonly #out: WayOut;
  readonly #intake: Intake;
  readonly #handOver: HandOver<TelemetryEntry>;
  readonly #listener: Listener;
  readonly #status: TelemetryStatus;
  #timer: NodeJS.Timeout | undefined;
  #refused = false;

  constructor(node: Node, broker: BrokerNode, config: TelemetryConfig, out: WayOut) {
    const { policy, queueLimit, batch, confirm, shared } = config;
    this.#config = config;
    this.#node = node;
    this.#out = out;
    this.#status = new TelemetryStatus(node);
    this.#intake = new Intake({
      policy,
      limit: queueLimit,
      gaps: !shared,
      clock: systemClock,
      random: Math.random,
    });
    const unconfirmed = batch === undefined ? UNCONFIRMED.single : UNCONFIRMED.batch;
    this.#handOver = new HandOver({
      queue: this.#intake.queue,
      batch,
      unconfirmed: confirm ? unconfirmed : undefined,
      give: (entries) => this.#give(entries),
      clock: systemClock,
    });
    const link = broker.openStream({
      name: node.id,
      receiveMaximum: policy === 'refuse' ? queueLimit : MAX_RECEIVE,
      ...(shared ? { sessionExpirySeconds: SHARED_EXPIRY_SECONDS } : {}),
      stream: {
        take: (message) => {
          this.#intake.take(message);
          this.#handOver.wake();
        },
        hasRoom: () => this.#intake.queue.hasRoom,
      },
    });
    this.#listener = new Listener(link, {
      filters: [config.subscription],
      // They come by the stream.
      onMessage: () => undefined,
      onState: (state) => this.#onState(state),
    });
  }

  start(): void {
    this.#timer = setInterval(() => this.#tell(), STATISTICS_MS).unref();
    this.#handOver.start();
  }

  /** @throws EgizError `CONFIRMATION_UNEXPECTED` */
  confirm(): void {
    if (!this.#config.confirm) {
      throw new EgizError('CONFIRMATION_UNEXPECTED', 'This node does not wait for the flow', {
        id: this.#node.id,
        mend: 'Choose in the node that the flow confirms what it has done, or remove the wire to its input.',
      });
    }
    this.#handOver.confirm();
  }

  async close(removed: boolean): Promise<void> {
    clearInterval(this.#timer);
    this.#handOver.stop();
    const { queue, counter } = this.#intake;
    let lost = 0;
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) if (!entry.kept) lost += 1;
    if (lost > 0) this.#node.warn(`${lost} messages of QoS 0 had not been handed to the flow; they are gone`);
    metrics.add(counter.take(systemClock.now()));
    // Otherwise the broker keeps for the successor what comes meanwhile.
    await (removed ? this.#listener.giveUp() : this.#listener.close());
  }

  #onState(state: ListenState): void {
    if (state.kind === 'refused' && !this.#refused) this.#out.error(state.error, this.#config.filter);
    this.#refused = state.kind === 'refused';
    this.#status.connection(state);
  }

  #give(entries: readonly TelemetryEntry[]): boolean {
    const { counter } = this.#intake;
    const now = systemClock.now();
    const valid: TelemetryEntry[] = [];
    for (const entry of entries) {
      if (entry.errors.length === 0) {
        counter.count('valid', entry.type);
        counter.latency(now - entry.timestamp);
        metrics.latency(now - entry.timestamp);
        valid.push(entry);
      } else {
        counter.count('invalid', entry.type);
        sendInvalid(this.#out, entry);
      }
    }
    if (this.#config.batch === undefined) for (const entry of valid) sendOne(this.#out, entry);
    else if (valid.length > 0) sendBatch(this.#out, this.#config.filter, valid);
    return valid.length > 0;
  }

  #tell(): void {
    const { queueLimit, confirm, policy } = this.#config;
    this.#intake.settle();
    const givenUp = this.#handOver.giveUpOld();
    const statistics = this.#intake.counter.take(systemClock.now());
    metrics.add(statistics);
    const waiting = this.#intake.queue.size;
    this.#status.flow(statistics.shed > 0 || (policy === 'refuse' && waiting >= queueLimit));
    sendStatistics(this.#out, statistics, {
      devices: this.#intake.devices,
      queue: { waiting, limit: queueLimit },
      ...(confirm ? { confirmation: { underWay: this.#handOver.underWay, givenUp } } : {}),
    });
  }
}
