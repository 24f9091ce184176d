import { COMMAND_STATES } from '../../commands/states';
import type { JsonObject } from '../../json/json';

/** The document's reusable schemas (JSON Schema 2020-12, as OpenAPI 3.1 has it). */

const string = (description: string, extra: JsonObject = {}): JsonObject => ({
  type: 'string',
  description,
  ...extra,
});
const time = (description: string): JsonObject => string(description, { format: 'date-time' });
const timeOrNull = (description: string): JsonObject => ({
  type: ['string', 'null'],
  format: 'date-time',
  description,
});
const integer = (description: string, extra: JsonObject = {}): JsonObject => ({
  type: 'integer',
  description,
  ...extra,
});
const hash = string('SHA-256 of the RFC 8785 canonical JSON of the settings, lower-case hex', {
  pattern: '^[0-9a-f]{64}$',
});
const hashOrNull: JsonObject = { ...hash, type: ['string', 'null'] };
const settings: JsonObject = {
  type: 'object',
  description: 'Fits the JSON Schema of the client type; at most 32 KB and 10 levels',
};
const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });
const revision = integer('Server-assigned, from 1; the only thing that orders configurations', {
  minimum: 0,
});
const state: JsonObject = { enum: [...COMMAND_STATES] };
const commandId = string('UUIDv7', { format: 'uuid' });

/** An object that has exactly these members. */
function object(properties: JsonObject, optional: readonly string[] = []): JsonObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

function page(item: string): JsonObject {
  return object({
    items: { type: 'array', items: ref(item) },
    next: { type: ['string', 'null'], description: 'Path and query of the next page; null on the last' },
  });
}

const change = object({ pointer: string('JSON Pointer into the settings'), before: {}, after: {} }, [
  'before',
  'after',
]);

const command: JsonObject = {
  commandId,
  clientId: string('The client'),
  revision,
  version: string("The caller's label"),
  origin: {
    enum: ['request', 'reconcile'],
    description: '`reconcile`: sent again because the client had lost it',
  },
  state,
  code: string('Reason code in upper snake case'),
  message: string('The reason as a sentence'),
  errors: { type: 'array', items: ref('FieldError') },
  issuedAt: time('When it was accepted'),
  updatedAt: time('When its state last changed'),
  expiresAt: time('Not delivered after this'),
  applyTimeoutSeconds: integer("How long the client's silence is waited for"),
  requestedBy: string('The subject of the token that asked for it, or "service"'),
};

const revisionSummary: JsonObject = {
  clientId: string('The client'),
  revision,
  version: string("The caller's label"),
  schema: string('`name/major`'),
  hash,
  createdAt: time('When it was accepted'),
  createdBy: string('The subject of the token that pushed it'),
};

export const SCHEMAS: JsonObject = {
  FieldError: object({
    pointer: string('JSON Pointer: into the settings for a rule of the client schema, else into the body'),
    rule: string('The rule that is violated'),
    message: string('A sentence for a person'),
  }),
  Problem: {
    ...object(
      {
        type: string('Stable name of the error', { format: 'uri' }),
        title: string('The status in words'),
        status: integer('The HTTP status'),
        code: string('The name in upper snake case'),
        detail: string('What is wrong, where, and the mend'),
        errors: { type: 'array', items: ref('FieldError') },
        currentRevision: integer('With 412: the revision that is current'),
      },
      ['errors', 'currentRevision'],
    ),
    description: 'RFC 9457',
  },
  ConfigurationRequest: object(
    {
      version: string('Semantic version; stands for one content per client', { maxLength: 64 }),
      settings,
      schema: string('`name/major`; by default the newest of the client type'),
      baseRevision: integer('Refuse with 412 unless this is the current revision', { minimum: 0 }),
      mode: {
        enum: ['replace', 'merge'],
        default: 'replace',
        description: '`merge`: JSON Merge Patch (RFC 7396)',
      },
      dryRun: { type: 'boolean', default: false, description: 'Validate and compare only' },
      expiresInSeconds: integer('', { minimum: 60, maximum: 604_800, default: 86_400 }),
      applyTimeoutSeconds: integer('', { minimum: 10, maximum: 3_600, default: 120 }),
    },
    ['schema', 'baseRevision', 'mode', 'dryRun', 'expiresInSeconds', 'applyTimeoutSeconds'],
  ),
  Accepted: object({
    commandId,
    clientId: string('The client'),
    version: string("The caller's label"),
    revision,
    hash,
    state: { const: 'accepted' },
    clientOnline: { type: 'boolean' },
    expiresAt: time('Not delivered after this'),
  }),
  Unchanged: object({
    commandId: { ...commandId, description: 'The command that carries this content already' },
    clientId: string('The client'),
    version: string('The label it was pushed under'),
    revision,
    hash,
    state: { const: 'unchanged' },
    clientOnline: { type: 'boolean' },
  }),
  DryRun: object({
    dryRun: { const: true },
    clientId: string('The client'),
    clientOnline: { type: 'boolean' },
    version: string("The caller's label"),
    schema: string('The schema it was validated against'),
    baseRevision: revision,
    hash,
    bytes: integer('Size of the settings as JSON'),
    diff: { type: 'array', items: change },
  }),
  Client: object({
    tenantId: string('The tenant'),
    clientId: string('The client'),
    type: string('The client type, e.g. `opc-core-client`'),
    profile: string('How it is addressed: `clients`, or `sensors` for a board'),
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    desired: object({
      revision,
      version: { type: ['string', 'null'] },
      hash: hashOrNull,
      state: { enum: [...COMMAND_STATES, null], description: 'Of the newest command that carries it' },
    }),
    reported: object({ revision, hash: hashOrNull, at: timeOrNull("The client's own time") }),
    drift: { type: 'boolean', description: 'The client does not run what it should' },
    presence: { enum: ['online', 'offline', 'unknown'] },
    presenceSince: timeOrNull('Since when'),
    bootId: { type: ['string', 'null'] },
  }),
  ClientPage: page('Client'),
  Configuration: object({ ...revisionSummary, settings }),
  HistoryEntry: object({
    ...revisionSummary,
    state: { enum: [...COMMAND_STATES, null] },
    commandId: { ...commandId, type: ['string', 'null'] },
    changes: { type: 'array', items: change, description: 'Against the revision before' },
  }),
  HistoryPage: page('HistoryEntry'),
  Command: object(command),
  CommandWithTransitions: object({
    ...command,
    transitions: {
      type: 'array',
      items: object({ state, at: time(''), code: string(''), message: string('') }),
    },
  }),
  CommandPage: page('Command'),
  Alert: object({
    id: integer(''),
    at: time(''),
    clientId: { type: ['string', 'null'] },
    commandId: { type: ['string', 'null'] },
    code: string('The kind of alert'),
    message: string('A sentence for a person'),
  }),
  AlertPage: page('Alert'),
  Counts: object({
    accepted: integer('Commands ever accepted, counted from the audit trail'),
    sum: integer('The sum of all states'),
    balanced: { type: 'boolean', description: 'accepted = sum: nothing is lost' },
    states: object(Object.fromEntries(COMMAND_STATES.map((name) => [name, integer('')]))),
    outbox: integer('Commands that wait to be published'),
  }),
};
