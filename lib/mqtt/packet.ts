import { EgizError } from '../errors/egiz-error';
import type { IncomingMessage, PublishProperties, PublishRequest } from './link';

/** User properties as the wire library holds them: a name may stand there more than once. */
type WireUserProperties = Readonly<Record<string, string | readonly string[]>>;

export interface WireProperties extends Omit<PublishProperties, 'userProperties'> {
  readonly userProperties?: WireUserProperties;
}

export interface WirePublish {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly properties?: WireProperties;
}

/** An incoming PUBLISH as the rest of the library sees it. Of a repeated user property the last one counts. */
export function incomingMessage(packet: WirePublish): IncomingMessage {
  const { userProperties, ...properties } = packet.properties ?? {};
  const named = Object.entries(userProperties ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : (value.at(-1) ?? ''),
  ]);
  return {
    topic: packet.topic,
    payload: typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload,
    qos: packet.qos,
    retain: packet.retain,
    duplicate: packet.dup,
    properties:
      userProperties === undefined
        ? properties
        : { ...properties, userProperties: Object.fromEntries(named) as Record<string, string> },
  };
}

/** @throws EgizError `MQTT_INVALID_TOPIC` (MQTT 5.0 section 4.7) */
export function checkTopic(topic: string): void {
  const bytes = Buffer.byteLength(topic);
  const fault =
    bytes === 0
      ? 'it is empty'
      : bytes > 65_535
        ? 'it is longer than 65,535 bytes'
        : /[+#]/.test(topic)
          ? 'it contains a wildcard'
          : topic.includes('\0')
            ? 'it contains a NUL'
            : undefined;
  if (fault === undefined) return;
  const shown = JSON.stringify(topic.slice(0, 100));
  throw new EgizError('MQTT_INVALID_TOPIC', `${shown} cannot be published to: ${fault}`, {
    topic: topic.slice(0, 100),
    mend: 'Publish to a topic of 1 to 65,535 bytes without +, # and NUL.',
  });
}

/** Bytes of the PUBLISH packet on the wire (MQTT 5.0 section 3.3). */
export function packetSize(request: PublishRequest): number {
  const propertyBytes = propertiesSize(request.properties ?? {});
  const payload = Buffer.byteLength(request.payload);
  const identifier = request.qos === 0 ? 0 : 2;
  const rest =
    2 + Buffer.byteLength(request.topic) + identifier + varint(propertyBytes) + propertyBytes + payload;
  return 1 + varint(rest) + rest;
}

function propertiesSize(properties: PublishProperties): number {
  const { correlationData, responseTopic, contentType, userProperties = {} } = properties;
  const strings = [correlationData, responseTopic, contentType].filter((value) => value !== undefined);
  const fixed =
    (properties.payloadFormatIndicator === undefined ? 0 : 2) +
    (properties.messageExpiryInterval === undefined ? 0 : 5);
  const users = Object.entries(userProperties).reduce(
    (sum, [name, value]) => sum + 5 + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  return fixed + users + strings.reduce((sum, value) => sum + 3 + Buffer.byteLength(value), 0);
}

/** Bytes of a Variable Byte Integer (section 1.5.5). */
function varint(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4;
}
