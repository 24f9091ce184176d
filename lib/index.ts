/** The domain behind the nodes, for use in plain Node programs. */
export { EdgeClient, type EdgeOptions, type EdgeProgress } from './edge/client';
export {
  APPLIED,
  type Apply,
  type ApplyContext,
  type ApplyOutcome,
  type Configuration,
} from './edge/configuration';
export { StateFile, StateInMemory } from './edge/state-file';
export * from './errors/egiz-error';
export { connectMqtt } from './mqtt/connection';
export type { IncomingMessage, LinkState, MessageHandler, MqttLink, PublishRequest, Will } from './mqtt/link';
export type { ConnectOptions } from './mqtt/options';
export { SchemaRegistry } from './schemas/registry';
export { SchemaSet } from './schemas/schema-set';
export { SHIPPED_CLIENT_SCHEMAS } from './schemas/shipped';
export { systemClock } from './time/clock';
export { hashPassword } from './users/passwords';
