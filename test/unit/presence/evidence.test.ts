import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { EvidenceReader, type PresenceMessage } from '../../../lib/presence/evidence';
import { ROOT } from '../../support/node-red';

const OVEN = 'openegiz/factory-a/oven/oven-001';
const PLACE = { factoryId: 'factory-a', equipmentType: 'oven', equipmentId: 'oven-001' };
const STATUS = { device_id: 'board-1', status: 'online', timestamp: '2026-01-29T10:30:00Z' };
const AT = Date.parse(STATUS.timestamp);

describe('what messages say of the presence of devices', () => {
  const reader = new EvidenceReader();
  const read = (topic: string, payload: unknown, more: Partial<PresenceMessage> = {}) =>
    reader.read({ topic, payload, ...more });

  it("is a board's status on the topic of five levels, with its boot and connection", () => {
    const payload = { ...STATUS, metadata: { boot_id: 7, seq: 3 }, diagnostics: { mqtt_reconnects: 2 } };
    should(read(`${OVEN}/thermal/status`, Buffer.from(JSON.stringify(payload)))).eql({
      place: { profile: 'sensors', deviceId: 'board-1', ...PLACE, sensorType: 'thermal' },
      says: 'online',
      source: 'status',
      retained: false,
      boot: '7',
      connection: 2,
      at: AT,
    });
  });

  it('is one on the topic of four levels, as the PRD has it, for the same board', () => {
    const found = read(`${OVEN}/status`, { ...STATUS, status: 'offline' }, { retain: true });
    should(found).match({ says: 'offline', retained: true });
    should(found?.place).eql({ profile: 'sensors', deviceId: 'board-1', ...PLACE });
  });

  it("is a client's birth or will, and any other report of it", () => {
    const common = {
      tenantId: 'acme',
      clientId: 'press-1',
      revision: 0,
      reportedHash: null,
      bootId: 'b',
      at: STATUS.timestamp,
    };
    const topic = 'tenants/acme/clients/press-1/status';
    const will = { type: 'ClientConnectionChanged', status: 'offline', ...common };
    should(read(topic, JSON.stringify(will))).match({
      place: { profile: 'clients', tenantId: 'acme', clientId: 'press-1' },
      says: 'offline',
      boot: 'b',
      at: AT,
    });
    const report = { type: 'ClientStatusReported', state: 'applied', ...common };
    should(read(topic, report)).match({ says: 'alive', source: 'status' });
  });

  it('is telemetry of a board, whose id is found whatever the form of the payload', () => {
    const file = readFileSync(join(ROOT, 'test/fixtures/prd/thermal.json'));
    const { device_id: deviceId } = JSON.parse(file.toString()) as { device_id: string };
    for (const payload of [file, file.toString(), JSON.parse(file.toString())]) {
      should(read(`${OVEN}/thermal/telemetry`, payload)).match({
        place: { profile: 'sensors', deviceId, sensorType: 'thermal', ...PLACE },
        says: 'alive',
        source: 'telemetry',
      });
    }
    const hidden = JSON.stringify({ note: '"device_id":"other"', device_id: 'board-1' });
    should(read(`${OVEN}/ambient/telemetry`, hidden)).match({
      place: { deviceId: 'board-1', sensorType: 'environmental' },
    });
  });

  it('is telemetry of a client', () => {
    should(read('tenants/acme/clients/press-1/telemetry/plc/fast', '{}')).match({
      place: { profile: 'clients', clientId: 'press-1' },
      source: 'telemetry',
    });
  });

  it('is nothing for commands, and for telemetry that the broker had kept', () => {
    should(read(`${OVEN}/command`, '{}')).be.undefined();
    should(read(`${OVEN}/thermal/telemetry`, { device_id: 'board-1' }, { retain: true })).be.undefined();
  });

  it('is refused when the topic is no device’s, or the payload not what the topic asks for', () => {
    should(() => read('somewhere/else', '{}')).throw({ code: 'INVALID_TOPIC' });
    should(() => read(`${OVEN}/thermal/status`, 'nonsense')).throw({ code: 'INVALID_MESSAGE' });
    for (const payload of ['nonsense', '{"device_id":"a/b"}', { device_id: '../x' }, {}, 7, null]) {
      should(() => read(`${OVEN}/thermal/telemetry`, payload)).throw({ code: 'INVALID_MESSAGE' });
    }
  });
});
