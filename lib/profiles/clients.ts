import type { ConfigurationCommand } from '../commands/messages';
import { parseClientMessage } from '../commands/parse-report';
import { uuidBytes, uuidText } from '../commands/uuid';
import { EgizError } from '../errors/egiz-error';
import type { PublishProperties } from '../mqtt/link';
import type { CommandRecord, RevisionRecord } from '../store/store';
import {
  CLIENT_STATUS_FILTER,
  clientCommandTopic,
  clientStatusTopic,
  parseClientStatusTopic,
} from '../topics/clients';
import type { Profile } from './profile';

/** The `clients` profile: OPC Core Clients and other edge instances of a tenant (SEQ, SPEC 2 and 3). */
export const clientsProfile: Profile = {
  name: 'clients',
  reportFilters: [CLIENT_STATUS_FILTER],

  commandMessage(client, command, revision, now) {
    return {
      topic: clientCommandTopic(client),
      payload: JSON.stringify(configurationCommand(command, revision)),
      qos: 1,
      retain: false,
      properties: {
        correlationData: uuidBytes(command.commandId),
        responseTopic: clientStatusTopic(client),
        contentType: 'application/json',
        payloadFormatIndicator: true,
        // Rounded down: the message must not outlive the command.
        messageExpiryInterval: Math.max(1, Math.floor((command.expiresAt - now) / 1000)),
        userProperties: userProperties(command, revision),
      },
    };
  },

  report({ topic, payload, properties }) {
    const ref = parseClientStatusTopic(topic);
    if (ref === undefined) return undefined;
    const message = parseClientMessage(payload);
    if (message.tenantId !== ref.tenantId || message.clientId !== ref.clientId) {
      throw new EgizError(
        'INVALID_MESSAGE',
        `The message on ${topic} names the client ${message.tenantId}.${message.clientId}`,
        {
          topic,
          mend: 'A client reports on its own topic and under its own name only.',
        },
      );
    }
    const correlationId =
      properties.correlationData === undefined ? undefined : uuidText(properties.correlationData);
    return correlationId === undefined ? { ref, message } : { ref, message, correlationId };
  },
};

function configurationCommand(command: CommandRecord, revision: RevisionRecord): ConfigurationCommand {
  return {
    type: 'ClientConfigurationUpdated',
    commandId: command.commandId,
    tenantId: command.tenantId,
    clientId: command.clientId,
    revision: command.revision,
    version: command.version,
    schema: revision.schema,
    settings: revision.settings,
    hash: revision.hash,
    issuedAt: new Date(command.issuedAt).toISOString(),
    expiresAt: new Date(command.expiresAt).toISOString(),
  };
}

function userProperties(
  command: CommandRecord,
  revision: RevisionRecord,
): PublishProperties['userProperties'] & object {
  return {
    revision: String(command.revision),
    schema: revision.schema,
    ...(command.traceparent === null ? {} : { traceparent: command.traceparent }),
    ...(command.tracestate === null ? {} : { tracestate: command.tracestate }),
  };
}
