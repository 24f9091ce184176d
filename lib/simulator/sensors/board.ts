import { join } from 'node:path';
import type { EdgeSchemas } from '../../edge/judge';
import { type EgizError, toEgizError } from '../../errors/egiz-error';
import { isJsonObject, type JsonObject } from '../../json/json';
import { parseJson } from '../../json/parse';
import { connectMqtt } from '../../mqtt/connection';
import type { IncomingMessage, LinkState, MqttLink, Will } from '../../mqtt/link';
import type { Clock } from '../../time/clock';
import { equipmentCommandTopic, sensorStatusTopic, sensorTelemetryTopic } from '../../topics/sensors';
import { type BoardAccount, loginOf } from '../account';
import { every } from '../machine';
import { Backlog, type Entry } from './backlog';
import { type Answer, judgeCommand } from './commands';
import { ConfigurationMemory, intervalsOf } from './configuration';
import { sensorOf } from './factory';
import { offlineMessage, onlineMessage, signalOf, telemetryMessage } from './messages';

export interface BoardOptions {
  readonly seed: number;
  /** Told with every message; another one at each start of the simulator. */
  readonly bootId: number;
  /** Keeps the configuration; absent: it ends with the process. */
  readonly stateDirectory?: string;
  readonly schemas: EdgeSchemas;
  readonly clock: Clock;
  readonly random: () => number;
  /** Milliseconds between two telemetry messages, in place of those of its kind and configuration. */
  readonly telemetryMs?: number | undefined;
  readonly onState: (state: LinkState) => void;
  /** The broker has acknowledged the telemetry message with this number. */
  readonly onAcknowledged: (seq: number) => void;
  readonly onWarning: (warning: EgizError) => void;
}

/** The broker notices after one and a half times this that a board is gone: within PRD's 30 s. */
const KEEPALIVE_SECONDS = 15;
const SESSION_SECONDS = 86_400;
/** When it is closed, what it has measured has so long to arrive. */
const LAST_MS = 2_000;
/** After a refusal the broker is left alone for so long. */
const REFUSED_PAUSE_MS = 10_000;
const MAX_COMMAND_BYTES = 8 * 1024;
/** Answers that are repeated when their command comes again. */
const REMEMBERED_ANSWERS = 32;
const JSON_PROPERTIES = { contentType: 'application/json', payloadFormatIndicator: true } as const;

/** One board of the inventory: made-up measurements, and on MQTT what the firmware does. */
export class SimulatedBoard {
  readonly #place: BoardAccount;
  readonly #options: BoardOptions;
  readonly #read: (at: number) => JsonObject;
  readonly #signal: (at: number) => number;
  readonly #memory: ConfigurationMemory;
  readonly #backlog: Backlog;
  readonly #answers: Answer[] = [];
  readonly #link: MqttLink;
  readonly #begin: number;
  #telemetrySeq = 0;
  #measuredAt = 0;
  #statusSeq = 0;
  #connections = 0;
  #timers: (() => void)[] = [];

  constructor(account: BoardAccount, options: BoardOptions) {
    const { seed, stateDirectory, clock, random, onWarning } = options;
    const { deviceId } = account;
    this.#place = account;
    this.#options = options;
    this.#begin = clock.now();
    this.#read = sensorOf(seed, account);
    this.#backlog = new Backlog((entry) => this.#sendTelemetry(entry), clock);
    this.#signal = signalOf(seed, deviceId);
    this.#memory = new ConfigurationMemory(
      stateDirectory && join(stateDirectory, 'boards', `${deviceId}.json`),
    );
    this.#link = connectMqtt({
      ...loginOf(account),
      clientId: deviceId,
      cleanStart: false,
      sessionExpirySeconds: SESSION_SECONDS,
      keepalive: KEEPALIVE_SECONDS,
      will: () => this.#will(),
      onWarning,
      clock,
      random,
    });
    this.#link
      .subscribe(equipmentCommandTopic(account), (message) => this.#onCommand(message))
      .catch((fault) => onWarning(toEgizError(fault)));
    this.#link.onState((state) => this.#onState(state));
    this.#startTimers();
    this.#measure();
  }

  /** Measures no more, sends what is left if the broker is there, and ends: its will says offline. */
  async close(): Promise<void> {
    this.#stopTimers();
    if (this.#link.state.kind === 'connected') {
      const late = new Promise<void>((resolve) => this.#options.clock.after(LAST_MS, resolve));
      await Promise.race([this.#backlog.empty(), late]);
    }
    this.#backlog.pause();
    await this.#link.close();
  }

  #onState(state: LinkState): void {
    if (state.kind === 'connected') {
      this.#connections += 1;
      void this.#sayOnline();
      this.#backlog.open();
    } else {
      this.#backlog.pause();
    }
    this.#options.onState(state);
  }

  #startTimers(): void {
    const { clock, telemetryMs } = this.#options;
    const { telemetry, heartbeat } = intervalsOf(this.#place.sensorType, this.#memory.configuration);
    this.#timers = [
      every(clock, telemetryMs ?? telemetry, () => this.#measure()),
      every(clock, heartbeat, () => void this.#sayOnline()),
    ];
  }

  #stopTimers(): void {
    for (const cancel of this.#timers.splice(0)) cancel();
  }

  #measure(): void {
    this.#telemetrySeq += 1;
    // The archive takes two messages of one millisecond for one.
    this.#measuredAt = Math.max(this.#options.clock.now(), this.#measuredAt + 1);
    const standing = this.#standing(this.#telemetrySeq, this.#measuredAt);
    const message = telemetryMessage(this.#place, this.#read(standing.at), standing);
    this.#backlog.add({ seq: standing.seq, payload: JSON.stringify(message) });
  }

  async #sendTelemetry({ seq, payload }: Entry): Promise<boolean> {
    const topic = sensorTelemetryTopic(this.#place);
    try {
      const { reasonCode } = await this.#link.publish({
        topic,
        payload,
        qos: 1,
        properties: JSON_PROPERTIES,
      });
      if (reasonCode < 0x80) {
        this.#options.onAcknowledged(seq);
        return true;
      }
      this.#backlog.pause();
      this.#options.clock.after(REFUSED_PAUSE_MS, () => this.#resume());
    } catch {
      // Whether it arrived is not known: it is sent again, with the same seq and timestamp.
    }
    return false;
  }

  #resume(): void {
    if (this.#link.state.kind === 'connected') this.#backlog.open();
  }

  /** Birth and heartbeat; retained, so that who comes later sees where the board stands. */
  async #sayOnline(): Promise<void> {
    if (this.#link.state.kind !== 'connected') return;
    await this.#sendStatus({}, true).catch(() => undefined);
  }

  async #sendStatus(more: JsonObject, retain: boolean, correlationData?: Buffer): Promise<void> {
    this.#statusSeq += 1;
    const diagnostics = {
      reconnects: this.#connections - 1,
      backlog: this.#backlog.size,
      dropped: this.#backlog.dropped,
    };
    const status = onlineMessage(
      this.#place,
      this.#standing(this.#statusSeq, this.#options.clock.now()),
      diagnostics,
      this.#memory.configuration,
    );
    await this.#link.publish({
      topic: sensorStatusTopic(this.#place),
      payload: JSON.stringify({ ...status, ...more }),
      qos: 1,
      retain,
      properties: { ...JSON_PROPERTIES, ...(correlationData && { correlationData }) },
    });
  }

  #will(): Will {
    const { clock, bootId } = this.#options;
    const payload = JSON.stringify(
      offlineMessage(this.#place, clock.now(), bootId, this.#memory.configuration),
    );
    return {
      topic: sensorStatusTopic(this.#place),
      payload,
      qos: 1,
      retain: true,
      properties: JSON_PROPERTIES,
    };
  }

  /** The command is acknowledged when its answer is: what a broken connection swallows comes again. */
  async #onCommand({ payload, retain, properties }: IncomingMessage): Promise<void> {
    if (retain) return;
    const command = parseJson(payload, { maxBytes: MAX_COMMAND_BYTES });
    if (!isJsonObject(command)) return;
    const answer = this.#answers.find(({ id }) => id === command.id) ?? this.#obey(command);
    if (answer === undefined) return;
    const reported_hash = this.#memory.configuration.hash;
    const errors = answer.errors.map((error) => ({ ...error }));
    await this.#sendStatus(
      { command: { ...answer, errors, reported_hash } },
      false,
      properties.correlationData,
    );
  }

  #obey(command: JsonObject): Answer | undefined {
    const { clock, schemas } = this.#options;
    const inForce = this.#memory.configuration;
    const outcome = judgeCommand(command, {
      deviceId: this.#place.deviceId,
      inForce,
      schemas,
      now: clock.now(),
    });
    if (outcome === undefined) return undefined;
    const { answer, configuration } = outcome;
    if (configuration !== undefined) {
      this.#memory.keep(configuration);
      this.#stopTimers();
      this.#startTimers();
      this.#measure();
    }
    this.#answers.push(answer);
    this.#answers.splice(0, this.#answers.length - REMEMBERED_ANSWERS);
    return answer;
  }

  #standing(seq: number, at: number) {
    const { bootId } = this.#options;
    const uptime = Math.max(0, Math.floor((at - this.#begin) / 1000));
    return { at, uptime, bootId, seq, rssi: this.#signal(at) };
  }
}
