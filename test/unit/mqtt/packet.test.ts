import 'should';
import { generate } from 'mqtt-packet';
import type { PublishRequest } from '../../../lib/mqtt/link';
import { checkTopic, incomingMessage, packetSize } from '../../../lib/mqtt/packet';

describe('the size of a PUBLISH', () => {
  const requests: Record<string, PublishRequest> = {
    'without properties': { topic: 'a/b', payload: 'x', qos: 1 },
    'at QoS 0': { topic: 'a/b', payload: Buffer.alloc(126), qos: 0 },
    'with text beyond ASCII': { topic: 'цех/1', payload: 'температура', qos: 1 },
    'just over a length byte': { topic: 't', payload: Buffer.alloc(16_384), qos: 1 },
    'with every property': {
      topic: 'a/b',
      payload: '{}',
      qos: 1,
      properties: {
        correlationData: Buffer.alloc(16),
        responseTopic: 'a/answer',
        contentType: 'application/json',
        payloadFormatIndicator: true,
        messageExpiryInterval: 60,
        userProperties: { revision: '17', schema: 'opc-core-client/1' },
      },
    },
  };
  for (const [name, request] of Object.entries(requests)) {
    it(`is that on the wire: ${name}`, () => {
      const { topic, payload, qos, properties } = request;
      const packet = {
        cmd: 'publish',
        topic,
        payload,
        qos,
        dup: false,
        retain: false,
        messageId: 1,
      } as const;
      const wire = generate(
        { ...packet, ...(properties && { properties: properties as object }) },
        { protocolVersion: 5 },
      );
      packetSize(request).should.equal(wire.length);
    });
  }
});

describe('a topic to publish to', () => {
  for (const topic of ['', 'a/+/b', 'a/#', 'a\0b', 'x'.repeat(65_536)]) {
    it(`is refused: ${JSON.stringify(topic.slice(0, 20))}`, () => {
      (() => checkTopic(topic)).should.throw({ code: 'MQTT_INVALID_TOPIC' });
    });
  }
});

describe('an incoming message', () => {
  it('has one value for each user property, the last', () => {
    incomingMessage({
      topic: 't',
      payload: 'text',
      qos: 1,
      retain: false,
      dup: true,
      properties: { contentType: 'text/plain', userProperties: { a: ['1', '2'], b: '3' } },
    }).should.eql({
      topic: 't',
      payload: Buffer.from('text'),
      qos: 1,
      retain: false,
      duplicate: true,
      properties: { contentType: 'text/plain', userProperties: { a: '2', b: '3' } },
    });
  });
});
