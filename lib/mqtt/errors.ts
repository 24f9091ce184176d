import { EgizError } from '../errors/egiz-error';

/** The errors of `MqttLink.publish` and `subscribe`. */

export function notConnected(topic: string): EgizError {
  return new EgizError('MQTT_NOT_CONNECTED', `There is no connection to the broker to publish ${topic}`, {
    topic,
    mend: 'Publish again when the connection is back.',
  });
}

export function unanswered(code: 'MQTT_CLOSED' | 'MQTT_CONNECTION_LOST', topic: string): EgizError {
  const what = code === 'MQTT_CLOSED' ? 'closed' : 'lost';
  return new EgizError(code, `The connection was ${what} before the broker acknowledged ${topic}`, {
    topic,
    mend: 'It may have arrived or not: publish it again with the same id.',
  });
}

export function ackTimeout(topic: string, timeoutMs: number): EgizError {
  return new EgizError(
    'MQTT_ACK_TIMEOUT',
    `The broker did not acknowledge ${topic} within ${timeoutMs / 1000} s`,
    {
      topic,
      mend: 'It may have arrived or not: publish it again with the same id.',
    },
  );
}

export function tooLarge(topic: string, size: number, maximum: number): EgizError {
  return new EgizError(
    'MQTT_TOO_LARGE',
    `The message to ${topic} has ${size} bytes; the broker takes ${maximum}`,
    {
      topic,
      reasonCode: 0x95,
      mend: 'Send less, or raise the limit of the broker.',
    },
  );
}

export function closed(topic: string): EgizError {
  return new EgizError('MQTT_CLOSED', `The link has been closed; nothing more is sent to ${topic}`, {
    topic,
  });
}
