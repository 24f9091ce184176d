/**
 * Why a connection could not be made, ended, or a request was refused: a code for programs and a sentence for
 * people.
 */
export interface Cause {
  readonly code: string;
  readonly reason: string;
}

/** MQTT 5.0 section 2.4: reason codes from 0x80 on. */
const REASONS: ReadonlyMap<number, readonly [code: string, words: string]> = new Map([
  [0x80, ['MQTT_UNSPECIFIED', 'it gave no reason']],
  [0x81, ['MQTT_MALFORMED_PACKET', 'it could not read a packet of ours']],
  [0x82, ['MQTT_PROTOCOL_ERROR', 'a packet of ours broke the protocol']],
  [0x83, ['MQTT_IMPLEMENTATION_ERROR', 'the request is valid, but it does not take it']],
  [0x84, ['MQTT_VERSION_UNSUPPORTED', 'it does not speak MQTT 5']],
  [0x85, ['MQTT_CLIENT_ID_REFUSED', 'it does not accept the client id']],
  [0x86, ['MQTT_BAD_CREDENTIALS', 'wrong user name or password']],
  [0x87, ['MQTT_NOT_AUTHORISED', 'not authorised']],
  [0x88, ['MQTT_SERVER_UNAVAILABLE', 'it is not available']],
  [0x89, ['MQTT_SERVER_BUSY', 'it is busy']],
  [0x8a, ['MQTT_BANNED', 'this client is banned']],
  [0x8b, ['MQTT_SERVER_SHUTTING_DOWN', 'it is shutting down']],
  [0x8c, ['MQTT_BAD_AUTHENTICATION_METHOD', 'the authentication method is not supported']],
  [0x8d, ['MQTT_KEEPALIVE_TIMEOUT', 'it heard nothing from us for too long']],
  [
    0x8e,
    ['MQTT_SESSION_TAKEN_OVER', 'another connection took over the session: the client id is used twice'],
  ],
  [0x8f, ['MQTT_FILTER_INVALID', 'the topic filter is not valid']],
  [0x90, ['MQTT_TOPIC_INVALID', 'the topic is not valid']],
  [0x93, ['MQTT_RECEIVE_MAXIMUM_EXCEEDED', 'too many messages were in flight']],
  [0x94, ['MQTT_TOPIC_ALIAS_INVALID', 'the topic alias is not valid']],
  [0x95, ['MQTT_PACKET_TOO_LARGE', 'a packet of ours was larger than it allows']],
  [0x96, ['MQTT_RATE_TOO_HIGH', 'too many messages a second']],
  [0x97, ['MQTT_QUOTA_EXCEEDED', 'a quota is used up']],
  [0x98, ['MQTT_ADMINISTRATIVE_ACTION', 'an administrator ended the connection']],
  [0x99, ['MQTT_PAYLOAD_INVALID', 'the payload is not in the form that was announced']],
  [0x9a, ['MQTT_RETAIN_UNSUPPORTED', 'it does not keep retained messages']],
  [0x9b, ['MQTT_QOS_UNSUPPORTED', 'it does not support the quality of service']],
  [0x9c, ['MQTT_USE_ANOTHER_SERVER', 'another server should be used']],
  [0x9d, ['MQTT_SERVER_MOVED', 'the server has moved']],
  [0x9e, ['MQTT_SHARED_UNSUPPORTED', 'it does not support shared subscriptions']],
  [0x9f, ['MQTT_CONNECTION_RATE_EXCEEDED', 'too many connections a second']],
  [0xa0, ['MQTT_MAXIMUM_CONNECT_TIME', 'the connection lasted as long as is allowed']],
  [0xa1, ['MQTT_SUBSCRIPTION_ID_UNSUPPORTED', 'it does not support subscription identifiers']],
  [0xa2, ['MQTT_WILDCARD_UNSUPPORTED', 'it does not support wildcard subscriptions']],
]);

/**
 * @param what what the broker did, e.g. `The broker refused the connection`
 * @param detail the broker's own Reason String
 */
export function causeOfReason(what: string, reasonCode: number, detail?: string): Cause {
  const [code, words] = REASONS.get(reasonCode) ?? ['MQTT_REFUSED', 'it gave an unknown reason'];
  const hex = `0x${reasonCode.toString(16).toUpperCase().padStart(2, '0')}`;
  const own = detail === undefined || detail === '' ? '' : `; it says: ${detail.slice(0, 200)}`;
  return { code, reason: `${what}: ${words} (${hex})${own}` };
}

/** Errors of Node's TLS and OpenSSL, by their code and, for EPROTO, by OpenSSL's text. The first that fits counts. */
const TLS_ERRORS: readonly (readonly [pattern: RegExp, code: string, words: string])[] = [
  [/^CERT_HAS_EXPIRED/, 'TLS_EXPIRED', "the broker's certificate has expired"],
  [/^CERT_NOT_YET_VALID/, 'TLS_NOT_YET_VALID', "the broker's certificate is not valid yet: check the clock"],
  [/ALTNAME_INVALID/, 'TLS_WRONG_NAME', "the broker's certificate is for another name"],
  [
    /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_UNTRUSTED/,
    'TLS_UNTRUSTED',
    "the broker's certificate is not signed by an authority we trust",
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS/,
    'TLS_VERSION',
    'the broker does not speak a version of TLS that we accept',
  ],
  [/WRONG_VERSION_NUMBER/, 'TLS_NOT_TLS', 'what answers there does not speak TLS'],
  [
    /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/,
    'TLS_CERTIFICATE_REQUIRED',
    'the broker asks for a client certificate',
  ],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_(EXPIRED|REVOKED|UNKNOWN))|ACCESS_DENIED/,
    'TLS_CERTIFICATE_REFUSED',
    'the broker refuses our certificate',
  ],
  [/KEY_VALUES_MISMATCH/, 'TLS_KEY_MISMATCH', 'our key does not belong to our certificate'],
  [/^(ERR_(SSL|TLS|OSSL)|EPROTO)/, 'TLS_FAILED', 'TLS failed'],
];

const SOCKET_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it does not answer',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was cut',
};

/** @param address `host:port`, for the sentence */
export function causeOfError(error: Error, address: string): Cause {
  const system: unknown = (error as NodeJS.ErrnoException).code;
  const code = typeof system === 'string' ? system : '';
  const text = code === 'EPROTO' ? `EPROTO ${error.message.toUpperCase().replaceAll(' ', '_')}` : code;
  const tls = TLS_ERRORS.find(([pattern]) => pattern.test(text));
  if (tls !== undefined) {
    const [, name, words] = tls;
    return { code: name, reason: `No secure connection to ${address}: ${words} (${code})` };
  }
  const words = SOCKET_ERRORS[code];
  if (words !== undefined) {
    return { code: 'MQTT_UNREACHABLE', reason: `No connection to ${address}: ${words} (${code})` };
  }
  return { code: 'MQTT_CONNECTION_FAILED', reason: `No connection to ${address}: ${error.message}` };
}
