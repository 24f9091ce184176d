import type { ConfigurationCommand, ConnectionChange, StatusReport } from '../../lib/commands/messages';
import { parseClientMessage } from '../../lib/commands/parse-report';
import { uuidBytes } from '../../lib/commands/uuid';
import type { EdgeLink } from '../../lib/edge/client';
import { EgizError } from '../../lib/errors/egiz-error';
import { hashSettings } from '../../lib/json/canonical';
import type { JsonObject } from '../../lib/json/json';
import type { LinkState, MessageHandler, PublishRequest, PublishResult } from '../../lib/mqtt/link';
import { type ClientRef, clientCommandTopic, clientStatusTopic } from '../../lib/topics/clients';

export const PRESS: ClientRef = { tenantId: 'acme', clientId: 'press-line-1' };

let commands = 0;

/** A command as the service makes it; `extra` replaces members. */
export function commandOf(
  revision: number,
  settings: JsonObject,
  extra: Partial<ConfigurationCommand> = {},
): ConfigurationCommand {
  commands += 1;
  return {
    type: 'ClientConfigurationUpdated',
    commandId: `0192f3c4-0000-7000-8000-${commands.toString(16).padStart(12, '0')}`,
    ...PRESS,
    revision,
    version: `1.0.${revision}`,
    schema: 'thing/1',
    settings,
    hash: hashSettings(settings),
    issuedAt: '2026-01-29T10:00:00.000Z',
    expiresAt: '2099-01-01T00:00:00.000Z',
    ...extra,
  };
}

/** The PUBLISH that carries a command. */
export function commandMessage(command: ConfigurationCommand): PublishRequest {
  return {
    topic: clientCommandTopic(command),
    payload: JSON.stringify(command),
    qos: 1,
    properties: {
      correlationData: uuidBytes(command.commandId),
      responseTopic: clientStatusTopic(command),
      contentType: 'application/json',
      payloadFormatIndicator: true,
      messageExpiryInterval: 3600,
      userProperties: { revision: String(command.revision), schema: command.schema },
    },
  };
}

/** Lets everything that waits only for promises happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A link whose broker is the test. */
export class FakeLink implements EdgeLink {
  state: LinkState = { kind: 'connecting' };
  /** What the broker answers to a PUBLISH; undefined: nothing, for ever. */
  answer: PublishResult | undefined = { reasonCode: 0, noSubscribers: false };
  readonly published: PublishRequest[] = [];
  readonly #listeners = new Set<(state: LinkState) => void>();
  readonly #pending = new Set<(error: EgizError) => void>();
  #handler: MessageHandler | undefined;

  publish(request: PublishRequest): Promise<PublishResult> {
    if (this.state.kind !== 'connected') return Promise.reject(new EgizError('MQTT_NOT_CONNECTED', 'no'));
    this.published.push(request);
    if (this.answer !== undefined) return Promise.resolve(this.answer);
    return new Promise((_resolve, reject) => this.#pending.add(reject));
  }

  async subscribe(_filter: string, handler: MessageHandler): Promise<void> {
    this.#handler = handler;
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.state);
    return () => void this.#listeners.delete(listener);
  }

  connect(sessionPresent = false): void {
    this.#setState({ kind: 'connected', sessionPresent });
  }

  disconnect(): void {
    for (const reject of this.#pending) reject(new EgizError('MQTT_CONNECTION_LOST', 'lost'));
    this.#pending.clear();
    this.#setState({ kind: 'disconnected', code: 'MQTT_CONNECTION_LOST', reason: 'lost' });
  }

  async deliver(command: ConfigurationCommand | string, retain = false): Promise<void> {
    const text = typeof command === 'string' ? command : JSON.stringify(command);
    const message = { topic: clientCommandTopic(PRESS), payload: Buffer.from(text), qos: 1 } as const;
    await this.#handler?.({ ...message, retain, duplicate: false, properties: {} });
    await settled();
  }

  get reports(): StatusReport[] {
    return this.#messages().filter((message) => message.type === 'ClientStatusReported');
  }

  get births(): ConnectionChange[] {
    return this.#messages().filter((message) => message.type === 'ClientConnectionChanged');
  }

  /** `state CODE` of each report, in order. */
  get told(): string[] {
    return this.reports.map(({ revision, state, code }) => `${revision} ${state} ${code}`);
  }

  #messages() {
    return this.published.map(({ payload }) => parseClientMessage(Buffer.from(payload)));
  }

  #setState(state: LinkState): void {
    this.state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
