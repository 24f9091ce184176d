import type { TelemetryEntry } from '../../lib/telemetry/intake';
import type { Statistics } from '../../lib/telemetry/statistics';
import type { FlowMessage } from '../shell/input';
import type { WayOut } from '../shell/start';

/** Node-RED gives a message its id. */
function message(properties: object): FlowMessage {
  return properties as FlowMessage;
}

/** Output 1: one valid message. */
export function sendOne({ send }: WayOut, { topic, payload, sensor }: TelemetryEntry): void {
  send([message({ topic, payload, sensor: { ...sensor } }), null, null]);
}

/** Output 1: valid messages together. */
export function sendBatch({ send }: WayOut, filter: string, entries: readonly TelemetryEntry[]): void {
  const payload = entries.map((entry) => ({
    topic: entry.topic,
    payload: entry.payload,
    sensor: { ...entry.sensor },
  }));
  send([message({ topic: filter, payload, count: entries.length }), null, null]);
}

/** Output 2: a message with the reasons why it is not valid. */
export function sendInvalid({ send }: WayOut, { topic, payload, errors }: TelemetryEntry): void {
  send([null, message({ topic, payload, errors }), null]);
}

/** What the figures of one second are told with. */
export interface Gauges {
  readonly devices: number;
  readonly queue: { readonly waiting: number; readonly limit: number };
  readonly confirmation?: { readonly underWay: number; readonly givenUp: number };
}

/** Output 3: the figures of the last second. */
export function sendStatistics({ send }: WayOut, statistics: Statistics, gauges: Gauges): void {
  send([null, null, message({ topic: 'telemetry/statistics', payload: { ...statistics, ...gauges } })]);
}
