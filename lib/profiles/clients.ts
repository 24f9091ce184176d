import type { ConfigurationCommand } from '../commands/messages';
import { parseClientMessage } from '../commands/parse-report';
import { uuidBytes, uuidText } from '../commands/uuid';
import { EgizError } from '../errors/egiz-error';
import type { CommandRecord, RevisionRecord } from '../store/store';
import {
  CLIENT_STATUS_FILTER,
  clientCommandTopic,
  clientStatusTopic,
  parseClientStatusTopic,
} from '../topics/clients';
import { commandProperties } from './command-properties';
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
        ...commandProperties(command, revision, now),
      },
    };
  },

  report({ topic, payload, properties }) {
    const from = parseClientStatusTopic(topic);
    if (from === undefined) return undefined;
    const message = parseClientMessage(payload);
    if (message.tenantId !== from.tenantId || message.clientId !== from.clientId) {
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
    return correlationId === undefined ? { from, message } : { from, message, correlationId };
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
