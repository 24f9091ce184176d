import type { IConnackPacket } from 'mqtt';
import { EgizError, toEgizError } from '../errors/egiz-error';
import { backoffMs } from '../time/backoff';
import { isTopicFilter } from '../topics/filters';
import { closed, notConnected } from './errors';
import type {
  IncomingMessage,
  LinkState,
  MessageHandler,
  MqttLink,
  PublishRequest,
  PublishResult,
} from './link';
import { type ConnectOptions, type LinkSettings, linkSettings } from './options';
import { checkTopic } from './packet';
import type { Cause } from './reasons';
import { Session } from './session';
import { Subscriptions } from './subscriptions';

/** A connection that held this long ends the series of failed attempts. */
const STABLE_MS = 5_000;
/** So many connections that do not hold look like two clients with one client id. */
const SUSPICIOUS = 3;
/** How long a message of a resumed session waits for a handler that is yet to be registered. */
const HANDLER_GRACE_MS = 5_000;

/**
 * Connects to a broker with MQTT 5 and stays connected: full-jitter exponential backoff between attempts,
 * subscriptions renewed at each connection. Returns at once; `onState` tells what becomes
 * of it. Subscribe soon: what a resumed session delivers waits five seconds for a handler.
 * @throws EgizError `MQTT_URL_INVALID`, `MQTT_PLAINTEXT_REFUSED`
 */
export function connectMqtt(options: ConnectOptions): RenewableLink {
  const link = new ReconnectingLink(linkSettings(options));
  link.open();
  return link;
}

/** A link that can be told to connect anew, for what only CONNECT can say: another will. */
export interface RenewableLink extends MqttLink {
  renew(): void;
}

class ReconnectingLink implements RenewableLink {
  readonly #settings: LinkSettings;
  readonly #listeners = new Set<(state: LinkState) => void>();
  readonly #subscriptions = new Subscriptions();
  #state: LinkState = { kind: 'connecting' };
  #session: Session | undefined;
  /** CONNACK has come, whether or not the subscriptions are renewed. */
  #established = false;
  #connectedAt: number | undefined;
  #failures = 0;
  /** Connections in a row that ended soon after they were made. */
  #shortLived = 0;
  #cancelRetry: () => void = () => undefined;
  /** Handlers under way, and who waits for one to end; they outlive the connection they came by. */
  #handling = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(settings: LinkSettings) {
    this.#settings = settings;
  }

  get state(): LinkState {
    return this.#state;
  }

  open(): void {
    try {
      const session: Session = new Session(this.#settings, {
        onConnack: (connack) => void this.#onConnack(session, connack),
        onMessage: (message) => this.#onMessage(message),
        onClosed: (cause) => this.#onClosed(session, cause),
      });
      this.#session = session;
    } catch (fault) {
      // A key that cannot be read, for example: the next attempt may find it mended.
      const { code, message } = toEgizError(fault, 'MQTT_CONNECTION_FAILED');
      this.#retry({ code: code.startsWith('ERR_') ? 'TLS_FAILED' : code, reason: message });
    }
  }

  async publish(request: PublishRequest, options?: { readonly timeoutMs?: number }): Promise<PublishResult> {
    checkTopic(request.topic);
    if (this.#state.kind === 'closed') throw closed(request.topic);
    if (this.#session === undefined || this.#state.kind !== 'connected') throw notConnected(request.topic);
    return this.#session.publish(request, options?.timeoutMs ?? this.#settings.ackTimeoutMs);
  }

  async subscribe(filter: string, handler: MessageHandler): Promise<void> {
    if (!isTopicFilter(filter)) {
      throw new EgizError('MQTT_INVALID_TOPIC', `${JSON.stringify(filter)} is not a topic filter`, {
        topic: filter,
        mend: '# stands alone in the last level, + alone in its level.',
      });
    }
    if (this.#state.kind === 'closed') throw closed(filter);
    const granted = this.#subscriptions.add(filter, handler);
    if (this.#session !== undefined && this.#state.kind === 'connected') {
      void this.#renew(this.#session, [filter]);
    }
    return granted;
  }

  async unsubscribe(filter: string): Promise<void> {
    this.#subscriptions.remove(filter, this.#established);
    if (this.#established) await this.#session?.unsubscribe([filter]).catch(() => undefined);
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#state);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#state.kind === 'closed') return;
    this.#cancelRetry();
    this.#setState({ kind: 'closed' });
    this.#subscriptions.close(closed('the broker'));
    const DISCONNECT_WITH_WILL = 0x04;
    await this.#session?.end(this.#settings.will === undefined ? 0x00 : DISCONNECT_WITH_WILL);
  }

  renew(): void {
    const session = this.#session;
    // While it is being made, or away, the next CONNECT says it anyway.
    if (session !== undefined && this.#state.kind === 'connected') void session.end(0x00);
  }

  async #onConnack(session: Session, connack: IConnackPacket): Promise<void> {
    this.#established = true;
    this.#connectedAt = this.#settings.clock.now();
    this.#checkSessionExpiry(connack);
    const { missing, unwanted } = this.#subscriptions.reconcile(connack.sessionPresent);
    if (unwanted.length > 0) await session.unsubscribe(unwanted).catch(() => undefined);
    if (missing.length > 0) await this.#renew(session, missing);
    if (session !== this.#session || !this.#established || this.#state.kind === 'closed') return;
    this.#setState({ kind: 'connected', sessionPresent: connack.sessionPresent });
    // Whatever was subscribed to while the broker was answering.
    const late = this.#subscriptions.missing();
    if (late.length > 0) void this.#renew(session, late);
  }

  /** Subscribes and notes the answers. A filter granted before and refused now ends the connection. */
  async #renew(session: Session, filters: readonly string[]): Promise<void> {
    // A lost connection is told by its own event, and the next one subscribes again.
    const codes = await session.subscribe(filters).catch(() => undefined);
    if (codes === undefined || session !== this.#session) return;
    for (const [index, filter] of filters.entries()) {
      const refused = this.#subscriptions.settle(filter, codes[index] ?? 0x80);
      if (refused === undefined) continue;
      this.#settings.onWarning(refused);
      session.abort({ code: refused.code, reason: refused.message });
    }
  }

  #checkSessionExpiry({ properties }: IConnackPacket): void {
    const asked = this.#settings.sessionExpirySeconds;
    const granted = properties?.sessionExpiryInterval ?? asked;
    if (granted >= asked) return;
    this.#settings.onWarning(
      new EgizError(
        'MQTT_SESSION_EXPIRY_SHORTENED',
        `The broker keeps the session for ${granted} s instead of ${asked} s`,
        { id: this.#settings.clientId, mend: 'Raise the limit of the broker, or ask for less.' },
      ),
    );
  }

  async #onMessage(message: IncomingMessage): Promise<void> {
    if (this.#handling >= this.#settings.maxHandling) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#handling += 1;
    }
    await this.#deliver(message);
    // The place goes to the next in line, so that nobody overtakes it.
    const next = this.#waiting.shift();
    if (next === undefined) this.#handling -= 1;
    else next();
  }

  async #deliver(message: IncomingMessage): Promise<void> {
    const handlers = await this.#handlersFor(message.topic);
    // Never acknowledged, so that the next connection of the session gets it.
    if (this.#state.kind === 'closed') return new Promise(() => undefined);
    for (const handler of handlers) {
      try {
        await handler(message);
      } catch (fault) {
        const { code, message: reason, cause } = toEgizError(fault);
        this.#settings.onWarning(new EgizError(code, reason, { topic: message.topic, ...cause }));
      }
    }
  }

  async #handlersFor(topic: string): Promise<MessageHandler[]> {
    const handlers = this.#subscriptions.handlersFor(topic);
    if (handlers.length > 0 || this.#state.kind === 'closed') return handlers;
    await new Promise<void>((resolve) => {
      const cancel = this.#settings.clock.after(HANDLER_GRACE_MS, () => finish());
      const forget = this.#subscriptions.onAdded(() => {
        if (this.#subscriptions.handlersFor(topic).length > 0) finish();
      });
      const finish = () => {
        cancel();
        forget();
        resolve();
      };
    });
    const late = this.#subscriptions.handlersFor(topic);
    if (late.length === 0) {
      this.#settings.onWarning(
        new EgizError('MQTT_NO_HANDLER', `A message on ${topic} was dropped: nothing here takes it`, {
          topic,
          mend: 'It comes from a subscription of an earlier configuration; let the session expire.',
        }),
      );
    }
    return late;
  }

  #onClosed(session: Session, cause: Cause): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    this.#established = false;
    if (this.#state.kind !== 'closed') this.#retry(cause);
  }

  #retry(cause: Cause): void {
    const { clock, random } = this.#settings;
    const held = this.#connectedAt === undefined ? 0 : clock.now() - this.#connectedAt;
    this.#shortLived = this.#connectedAt === undefined || held >= STABLE_MS ? 0 : this.#shortLived + 1;
    this.#connectedAt = undefined;
    this.#failures = held >= STABLE_MS ? 1 : this.#failures + 1;
    this.#cancelRetry = clock.after(backoffMs(this.#failures, random()), () => this.open());
    this.#setState({ kind: 'disconnected', reason: cause.reason + this.#guess(cause), code: cause.code });
  }

  /** Mosquitto 2.0 does not send 0x8E when another connection takes over the session. */
  #guess({ code }: Cause): string {
    if (this.#shortLived < SUSPICIOUS || code !== 'MQTT_CONNECTION_LOST') return '';
    return `, again and again: is the client id "${this.#settings.clientId}" used twice?`;
  }

  #setState(state: LinkState): void {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
