import type { JsonObject, JsonValue } from '../../json/json';
import { SCHEMAS } from './schemas';

const CLIENT_ID: JsonObject = {
  name: 'clientId',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$' },
};
const COMMAND_ID: JsonObject = {
  name: 'commandId',
  in: 'path',
  required: true,
  schema: { type: 'string', format: 'uuid' },
};
const query = (name: string, schema: JsonObject, description: string): JsonObject => ({
  name,
  in: 'query',
  schema,
  description,
});
const header = (name: string, description: string): JsonObject => ({
  name,
  in: 'header',
  schema: { type: 'string' },
  description,
});
const PAGE: JsonValue[] = [
  query('limit', { type: 'integer', minimum: 1, maximum: 500, default: 50 }, 'Items a page'),
  query('after', { type: 'string' }, 'Where the page before ended; taken from `next`'),
];

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The body is not the shape of a request, or the settings do not fit their schema',
  401: 'No valid bearer token; see WWW-Authenticate',
  403: 'The token lacks the scope',
  404: "Unknown, or another tenant's",
  409: 'The label stands for other content; the command can no longer be cancelled',
  412: 'The base revision is stale; the answer has the current one',
  413: 'The body or the settings are too large',
  415: 'The body is not application/json',
  422: 'Unknown schema, or an Idempotency-Key used for another body',
  429: 'Too many requests; see Retry-After',
  503: 'The store is down. A broker that is down does not matter here',
};

function json(schema: string): JsonObject {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
}

function problems(...statuses: number[]): JsonObject {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    statuses.map((status) => [status, { description: PROBLEMS[status] ?? '', content }]),
  );
}

function read(summary: string, schema: string, parameters: JsonValue[], ...statuses: number[]): JsonObject {
  return {
    get: {
      summary,
      parameters,
      security: [{ bearer: ['config:read'] }],
      responses: {
        200: { description: summary, content: json(schema) },
        ...problems(401, 403, 503, ...statuses),
      },
    },
  };
}

const PUSH: JsonObject = {
  summary: 'Push a configuration',
  description:
    'Validates the settings, stores them as a new revision and sends them to the client. The answer comes before the client has it: follow Location.',
  parameters: [
    CLIENT_ID,
    header('Idempotency-Key', 'The same key and body give the same answer for 24 hours'),
    header('If-Match', 'The ETag of the revision the change is based on'),
    header('traceparent', 'W3C trace context, passed on to the client'),
  ],
  security: [{ bearer: ['config:write'] }],
  requestBody: { required: true, content: json('ConfigurationRequest') },
  responses: {
    202: {
      description: 'Accepted and stored',
      headers: {
        Location: { schema: { type: 'string' }, description: 'The command' },
        ETag: { schema: { type: 'string' }, description: '`"rev-N"`' },
      },
      content: json('Accepted'),
    },
    200: {
      description: 'The content is current already, or this was a dry run',
      content: {
        'application/json': {
          schema: {
            oneOf: [{ $ref: '#/components/schemas/Unchanged' }, { $ref: '#/components/schemas/DryRun' }],
          },
        },
      },
    },
    ...problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503),
  },
};

const CANCEL: JsonObject = {
  summary: 'Cancel a command that has not been published',
  parameters: [CLIENT_ID, COMMAND_ID],
  security: [{ bearer: ['config:write'] }],
  responses: {
    200: { description: 'Cancelled', content: json('Command') },
    ...problems(401, 403, 404, 409, 429, 503),
  },
};

const FILTERS: JsonValue[] = [
  query('type', { type: 'string' }, 'Only this client type'),
  query(
    'profile',
    { enum: ['clients', 'sensors', 'all'], default: 'clients' },
    'Clients of tenants, sensor boards, or both',
  ),
  query('presence', { enum: ['online', 'offline', 'unknown'] }, 'Only these'),
  query('drift', { type: 'boolean' }, 'Only clients that do (not) run what they should'),
  query('search', { type: 'string' }, 'Only ids that contain this text'),
];
const REVISION = query('revision', { type: 'integer', minimum: 1 }, 'Another revision than the current');

const PATHS: JsonObject = {
  '/api/v1/clients': read('The clients of the tenant', 'ClientPage', [...FILTERS, ...PAGE], 400),
  '/api/v1/clients/{clientId}': read(
    'One client: desired, reported, drift, presence',
    'Client',
    [CLIENT_ID],
    404,
  ),
  '/api/v1/clients/{clientId}/config': {
    ...read('The current configuration', 'Configuration', [CLIENT_ID, REVISION], 400, 404),
    post: PUSH,
  },
  '/api/v1/clients/{clientId}/config/history': read(
    'Revisions, newest first, each with its changes',
    'HistoryPage',
    [CLIENT_ID, ...PAGE],
    400,
    404,
  ),
  '/api/v1/clients/{clientId}/commands': read(
    'Commands, newest first',
    'CommandPage',
    [CLIENT_ID, ...PAGE],
    400,
    404,
  ),
  '/api/v1/clients/{clientId}/commands/{commandId}': read(
    'One command with its transitions',
    'CommandWithTransitions',
    [CLIENT_ID, COMMAND_ID],
    404,
  ),
  '/api/v1/clients/{clientId}/commands/{commandId}/cancel': { post: CANCEL },
  '/api/v1/counts': read('Commands by state, and whether they add up', 'Counts', []),
  '/api/v1/alerts': read('Alerts, newest first', 'AlertPage', PAGE, 400),
  '/api/v1/openapi.json': {
    get: {
      summary: 'This document',
      security: [],
      responses: {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
      },
    },
  },
};

/** The OpenAPI 3.1 document of the API. */
export const OPENAPI: JsonObject = {
  openapi: '3.1.0',
  info: {
    title: 'OpenEgiz Edge configuration API',
    version: '1.0.0',
    description:
      'Versioned configuration of edge clients, delivered over MQTT 5 and confirmed by the clients.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  paths: PATHS,
  components: {
    schemas: SCHEMAS,
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'ES256, RS256 or EdDSA; the tenant in a claim, config:read and config:write in `scope`',
      },
    },
  },
};
