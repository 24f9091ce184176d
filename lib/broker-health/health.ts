import { ALERT_RULES, type Finding, type HealthThresholds, type Severity } from './alerts';
import {
  Families,
  type FamilyFigures,
  FIGURES,
  figureAt,
  GUARD_ROOT,
  numberIn,
  UPTIME_TOPIC,
  VERSION_TOPIC,
} from './figures';
import { Increases } from './increases';
import type { HealthView } from './view';

export interface SysMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** The broker had kept it since before the subscription. */
  readonly retain: boolean;
}

export interface Alert extends Finding {
  readonly code: string;
  readonly severity: Severity;
  readonly since: number;
}

export interface AlertChange extends Alert {
  readonly state: 'raised' | 'cleared';
}

/** Within which clients that are gone count as lost together. */
const LOST_WITHIN_MS = 5 * 60_000;
/** Beginnings that are computed from two uptimes differ by the time the messages took. */
const SAME_START_MS = 3_000;

/**
 * The health of one broker, from what it publishes below `$SYS`, and from whether it can be reached at all. What is
 * not told is unknown, not zero: Mosquitto publishes a figure only when it changes, and 2.0.11 lets what does not
 * change expire. Only the uptime must move.
 */
export class BrokerHealth {
  readonly #thresholds: HealthThresholds;
  readonly #figures: Record<string, number> = {};
  readonly #families = new Families();
  readonly #increases = new Increases();
  readonly #alerts = new Map<string, Alert>();
  #version: string | undefined;
  #away: HealthView['away'];
  #refused: string | undefined;
  #listeningSince: number | undefined;
  #uptimeAt: number | undefined;
  /** When the broker began, by its uptime. */
  #startedAt: number | undefined;
  #restartedAt: number | undefined;
  #guardSeen: number | undefined;
  #connected: { at: number; count: number }[] = [];
  /** The counters at the beginnings of the last two rounds of figures. */
  #rounds: readonly { at: number; figures: Readonly<Record<string, number>> }[] = [];

  constructor(thresholds: HealthThresholds, now: number) {
    this.#thresholds = thresholds;
    this.#away = { since: now, reason: 'not connected yet' };
  }

  get alerts(): readonly Alert[] {
    return [...this.#alerts.values()];
  }

  get figures(): Readonly<Record<string, number>> {
    return this.#figures;
  }

  get families(): ReadonlyMap<string, FamilyFigures> {
    return this.#families.all;
  }

  get version(): string | undefined {
    return this.#version;
  }

  get reachable(): boolean {
    return this.#away === undefined;
  }

  /** It has told something since we listen, and not only what it had kept. */
  get alive(): boolean {
    return this.reachable && this.#uptimeAt !== undefined;
  }

  get queue(): number | undefined {
    const { storedMessages, retainedMessages } = this.#figures;
    if (storedMessages === undefined || retainedMessages === undefined) return undefined;
    return Math.max(0, storedMessages - retainedMessages);
  }

  /** The guard plugin has told something lately. */
  hasGuard(now: number): boolean {
    return this.#guardSeen !== undefined && now - this.#guardSeen < this.#thresholds.silentAfterMs;
  }

  /** What a counter gains a second; undefined until there are two rounds of figures. */
  rate(counter: string): number | undefined {
    const [before, after] = this.#rounds;
    if (before === undefined || after === undefined || after.at <= before.at) return undefined;
    const [from, to] = [before.figures[counter], after.figures[counter]];
    if (from === undefined || to === undefined || to < from) return undefined;
    return (to - from) / ((after.at - before.at) / 1000);
  }

  connected(now: number): void {
    if (this.#listeningSince !== undefined && this.#away === undefined && this.#refused === undefined) return;
    this.#away = undefined;
    this.#refused = undefined;
    this.#listeningSince = now;
    this.#uptimeAt = undefined;
    // Who was connected before is another question than who has come back so far.
    this.#connected = [];
    this.#rounds = [];
  }

  disconnected(reason: string, now: number): void {
    this.#away = { since: this.#away?.since ?? now, reason };
    this.#refused = undefined;
    this.#listeningSince = undefined;
  }

  refused(reason: string): void {
    this.#away = undefined;
    this.#refused = reason;
    this.#listeningSince = undefined;
  }

  note({ topic, payload, retain }: SysMessage, now: number): void {
    const text = payload.toString('utf8');
    if (topic === VERSION_TOPIC) this.#version = text.slice(0, 100);
    if (topic.startsWith(GUARD_ROOT) && !retain) this.#guardSeen = now;
    const value = numberIn(text);
    if (value === undefined || this.#families.note(topic, value)) return;
    const kind = figureAt(topic);
    if (kind === undefined) return;
    if (topic === UPTIME_TOPIC) this.#noteUptime(value, retain, now);
    if (kind.type === 'counter') this.#increases.note(kind.name, value, retain, now);
    this.#figures[kind.name] = value;
    if (kind.name === 'clientsConnected') this.#connected.push({ at: now, count: value });
  }

  /** Looks at everything; tells what has changed since the last time. */
  evaluate(now: number): AlertChange[] {
    const view = this.#view(now);
    const changes: AlertChange[] = [];
    for (const { code, severity, check } of ALERT_RULES) {
      const finding = check(view, this.#thresholds);
      if (finding === 'unknown') continue;
      const raised = this.#alerts.get(code);
      if (finding === undefined) {
        if (raised === undefined) continue;
        this.#alerts.delete(code);
        changes.push({ ...raised, state: 'cleared' });
      } else {
        const alert = { code, severity, since: raised?.since ?? now, ...finding };
        this.#alerts.set(code, alert);
        if (raised === undefined) changes.push({ ...alert, state: 'raised' });
      }
    }
    return changes;
  }

  #noteUptime(value: number, retain: boolean, now: number): void {
    const startedAt = now - value * 1000;
    if (this.#isAnotherRun(value, startedAt, retain)) this.#beginAnew(startedAt);
    // What was kept from before says nothing of now.
    if (!retain) {
      this.#uptimeAt = now;
      this.#startedAt = startedAt;
    }
    // Each round of figures begins with the uptime: those of the round before are complete.
    this.#rounds = [...this.#rounds, { at: now, figures: { ...this.#figures } }].slice(-2);
  }

  /** A broker that was away for long may be up for longer than before when it is heard again. */
  #isAnotherRun(uptime: number, startedAt: number, retain: boolean): boolean {
    const before = this.#figures.uptimeSeconds;
    if (before !== undefined && uptime < before) return true;
    return !retain && this.#startedAt !== undefined && startedAt - this.#startedAt > SAME_START_MS;
  }

  #beginAnew(at: number): void {
    this.#restartedAt = at;
    this.#connected = [];
    this.#rounds = [];
    this.#families.clear();
    for (const { name } of FIGURES) delete this.#figures[name];
  }

  #view(now: number): HealthView {
    return {
      now,
      away: this.#away,
      refused: this.#refused,
      listeningSince: this.#listeningSince,
      uptimeAt: this.#uptimeAt,
      restartedAt: this.#restartedAt,
      guardAt: { seen: this.#guardSeen, awaitedSince: this.#listeningSince ?? now },
      figures: this.#figures,
      // Of a broker that is away nobody knows how it is.
      queue: this.reachable ? this.queue : undefined,
      clients: this.#clients(now),
      gained: (counter, ms) => this.#increases.within(counter, ms, now),
      raised: (code) => this.#alerts.has(code),
    };
  }

  #clients(now: number): HealthView['clients'] {
    const { clientsConnected: connected } = this.#figures;
    if (this.#away !== undefined || connected === undefined) return undefined;
    // The count at the window's beginning is the last one before it.
    const first = this.#connected.findLastIndex(({ at }) => now - at >= LOST_WITHIN_MS);
    if (first > 0) this.#connected = this.#connected.slice(first);
    return { connected, highest: Math.max(connected, ...this.#connected.map(({ count }) => count)) };
  }
}
