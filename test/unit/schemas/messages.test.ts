import 'should';
import type {
  ConfigurationCommand,
  ConnectionChange,
  ReportedState,
  StatusReport,
} from '../../../lib/commands/messages';
import { REPORTED_STATES } from '../../../lib/commands/messages';
import { isJsonObject, type JsonObject } from '../../../lib/json/json';
import { builtInSchemas, compileBuiltIn } from '../../../lib/schemas/built-in';

const schemas = compileBuiltIn();
const hash = 'b'.repeat(64);

const command = {
  type: 'ClientConfigurationUpdated',
  commandId: '01890a5d-ac96-774b-bcce-b302099a8057',
  tenantId: 'acme',
  clientId: 'press-line-1',
  revision: 42,
  version: '1.4.0-rc.1+build.5',
  schema: 'opc-core-client/1',
  settings: { connections: {} },
  hash,
  issuedAt: '2026-01-29T10:30:00.123Z',
  expiresAt: '2026-01-30T10:30:00.123Z',
} satisfies ConfigurationCommand;

const report = {
  type: 'ClientStatusReported',
  commandId: '01890a5d-ac96-774b-bcce-b302099a8057',
  tenantId: 'acme',
  clientId: 'press-line-1',
  revision: 42,
  version: '1.4.0',
  state: 'applied',
  code: 'APPLIED_WITH_ERRORS',
  message: '1 of 500 tags was refused',
  errors: [
    { pointer: '/connections/press/groups/fast/tags/a~1b', rule: 'BadNodeIdUnknown', message: 'is unknown' },
  ],
  reportedHash: hash,
  at: '2026-01-29T10:30:01Z',
  bootId: '7f0c',
  seq: 1,
} satisfies StatusReport;

const birth = {
  type: 'ClientConnectionChanged',
  tenantId: 'acme',
  clientId: 'press-line-1',
  status: 'online',
  revision: 0,
  reportedHash: null,
  bootId: '7f0c',
  at: '2026-01-29T10:30:01Z',
} satisfies ConnectionChange;

describe('the messages of SPEC 3: types and schemas agree', () => {
  for (const message of [command, report, birth]) {
    const name = `messages/${message.type}`;

    it(`${message.type} is valid`, () => {
      schemas.check(name, message).should.eql([]);
    });

    it(`${message.type} has exactly the members of its type, each of them required`, () => {
      const schema = builtInSchemas().find((one) => one.name === name)?.schema ?? {};
      const properties = isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
      properties.sort().should.eql(Object.keys(message).sort());
      [schema.required].flat().sort().should.eql(properties);
    });
  }

  it('a status may have every state of the type and no other', () => {
    for (const state of REPORTED_STATES) {
      schemas.check('messages/ClientStatusReported', { ...report, state }).should.eql([]);
    }
    const missing: ReportedState[] = [];
    schemas
      .check('messages/ClientStatusReported', { ...report, state: 'published' })
      .should.match([{ pointer: '/state', rule: 'enum' }]);
    missing.should.be.empty();
  });

  const refused: readonly (readonly [string, JsonObject, string, string])[] = [
    ['a tenant of 25 characters', { ...command, tenantId: 'a'.repeat(25) }, '/tenantId', 'pattern'],
    ['a client with a dot', { ...command, clientId: 'a.b' }, '/clientId', 'pattern'],
    ['revision 0', { ...command, revision: 0 }, '/revision', 'minimum'],
    ['a version that is no semver', { ...command, version: 'v1' }, '/version', 'pattern'],
    ['a hash in upper case', { ...command, hash: 'A'.repeat(64) }, '/hash', 'pattern'],
    ['a schema without a major', { ...command, schema: 'opc-core-client' }, '/schema', 'pattern'],
    ['a local time', { ...command, issuedAt: '2026-01-29T10:30:00+05:00' }, '/issuedAt', 'pattern'],
    ['settings that are a list', { ...command, settings: [] }, '/settings', 'type'],
    ['a commandId that is no UUID', { ...report, commandId: '1' }, '/commandId', 'pattern'],
    ['sequence number 0', { ...report, seq: 0 }, '/seq', 'minimum'],
    [
      'a pointer without a slash',
      { ...report, errors: [{ pointer: 'a', rule: 'x', message: '' }] },
      '/errors/0/pointer',
      'pattern',
    ],
    ['an unknown presence', { ...birth, status: 'away' }, '/status', 'enum'],
    ['an empty bootId', { ...birth, bootId: '' }, '/bootId', 'minLength'],
  ];
  for (const [name, message, pointer, rule] of refused) {
    it(`refuses ${name}`, () => {
      schemas.check(`messages/${message.type}`, message).should.match([{ pointer, rule }]);
    });
  }
});
