import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import type { StatusReport } from '../../../lib/commands/messages';
import { uuidBytes } from '../../../lib/commands/uuid';
import { hashSettings } from '../../../lib/json/canonical';
import { sensorsProfile } from '../../../lib/profiles/sensors';
import { compileBuiltIn } from '../../../lib/schemas/built-in';
import { SHIPPED_SCHEMAS } from '../../../lib/schemas/shipped';
import type { ClientRecord, CommandRecord, RevisionRecord } from '../../../lib/store/store';

const profile = sensorsProfile();
const TOPIC = 'openegiz/factory-a/oven/oven-001/electrical/status';
const ID = '01890000-0000-7000-8000-000000000001';
const HASH = 'a'.repeat(64);
const now = Date.parse('2026-01-29T10:30:00Z');

const status = (extra: object = {}) => ({
  device_id: 'esp32-oven001-elec',
  status: 'online',
  timestamp: '2026-01-29T10:30:00Z',
  diagnostics: { mqtt_reconnects: 2 },
  metadata: { boot_id: 7, seq: 41 },
  configuration: { revision: 3, reported_hash: HASH },
  ...extra,
});

const read = (payload: object, topic = TOPIC, correlationData?: Buffer) =>
  profile.report({
    topic,
    payload: Buffer.from(JSON.stringify(payload)),
    properties: correlationData === undefined ? {} : { correlationData },
  });

describe('the sensors profile: commands (SPEC 2, SPEC 4)', () => {
  const settings = { telemetry_interval_s: 5 };
  const client = {
    tenantId: 'acme',
    clientId: 'esp32-oven001-elec',
    address: 'factory-a/oven/oven-001/electrical',
  } as unknown as ClientRecord;
  const command = {
    commandId: ID,
    revision: 4,
    version: '1.3.0',
    issuedAt: now,
    expiresAt: now + 90_500,
    traceparent: '00-a-b-01',
    tracestate: null,
  } as unknown as CommandRecord;
  const revision = {
    schema: 'esp32-sensor/1',
    settings,
    hash: hashSettings(settings),
  } as unknown as RevisionRecord;
  const message = profile.commandMessage(client, command, revision, now);

  it('go to the command topic of the equipment and name the board', () => {
    should(message.topic).equal('openegiz/factory-a/oven/oven-001/command');
    should(JSON.parse(String(message.payload))).have.properties({
      command: 'config',
      id: ID,
      device_id: 'esp32-oven001-elec',
      revision: 4,
      version: '1.3.0',
    });
  });

  it('fit the schema of commands', () => {
    compileBuiltIn()
      .check('command', JSON.parse(String(message.payload)))
      .should.eql([]);
  });

  it('are QoS 1, not retained, and expire with the command', () => {
    should(message).have.properties({ qos: 1, retain: false });
    should(message.properties).containDeep({
      correlationData: uuidBytes(ID),
      responseTopic: TOPIC,
      messageExpiryInterval: 90,
      userProperties: { revision: '4', schema: 'esp32-sensor/1', traceparent: '00-a-b-01' },
    });
  });
});

describe('the sensors profile: what boards say', () => {
  const from = {
    profile: 'sensors',
    address: 'factory-a/oven/oven-001/electrical',
    clientId: 'esp32-oven001-elec',
  };

  it('takes an online status for a birth, with where the board stands', () => {
    should(read(status())).eql({
      from,
      message: {
        type: 'ClientConnectionChanged',
        status: 'online',
        revision: 3,
        reportedHash: HASH,
        bootId: '7',
        at: '2026-01-29T10:30:00Z',
      },
      standing: { revision: 3, connection: 2, seq: 41 },
    });
  });

  it('takes an offline status for a will', () => {
    const report = read(status({ status: 'offline', diagnostics: undefined, metadata: { boot_id: 7 } }));
    should(report?.message).have.properties({
      type: 'ClientConnectionChanged',
      status: 'offline',
      bootId: '7',
    });
    should(report).not.have.property('standing');
  });

  it("takes a command object for the command's status", () => {
    const errors = [{ pointer: '/filter_window', rule: 'maximum', message: 'must be from 1 to 15' }];
    const answer = { id: ID, state: 'rejected', code: 'INVALID', message: 'no', errors, reported_hash: HASH };
    const report = read(status({ command: answer }), TOPIC, uuidBytes(ID));
    should(report).have.property('correlationId', ID);
    should(report?.message as StatusReport).have.properties({
      type: 'ClientStatusReported',
      commandId: ID,
      state: 'rejected',
      code: 'INVALID',
      errors,
      reportedHash: HASH,
      bootId: '7',
      seq: 41,
    });
  });

  it('takes answers to other commands, and progress, only for a sign of life', () => {
    const running = { id: ID, state: 'running', code: 'DOWNLOADING', progress: 40 };
    for (const command of [{ id: 'blink-1', state: 'applied', code: 'APPLIED' }, running]) {
      should(read(status({ command }))?.message.type).equal('ClientConnectionChanged');
    }
  });

  it("takes the PRD's sample as it stands, on both forms of the topic", () => {
    const sample = JSON.parse(
      readFileSync(join(SHIPPED_SCHEMAS, '../test/fixtures/prd/status.json'), 'utf8'),
    ) as object;
    should(read(sample)?.from).eql(from);
    should(read(sample, 'openegiz/factory-a/oven/oven-001/status')?.from).eql({
      ...from,
      address: 'factory-a/oven/oven-001',
    });
  });

  it('knows ambient and environmental for the same place', () => {
    should(read(status(), 'openegiz/factory-a/environment/zone-a/ambient/status')?.from).have.property(
      'address',
      'factory-a/environment/zone-a/environmental',
    );
  });

  it('leaves topics of others alone', () => {
    for (const topic of [
      'tenants/acme/clients/x/status',
      TOPIC.replace('status', 'telemetry'),
      'openegiz/a/b/c/command',
    ])
      should(read(status(), topic)).be.undefined();
  });

  it('refuses what is no status, and one of another equipment, and says why', () => {
    should(() => read({ device_id: 'x' })).throw(/status.*required|missing/i);
    should(() => read(status({ thing_id: 'factory:oven-002' }))).throw(/oven-002/);
    should(() => profile.report({ topic: TOPIC, payload: Buffer.from('{'), properties: {} })).throw({
      code: 'INVALID_MESSAGE',
    });
  });
});
