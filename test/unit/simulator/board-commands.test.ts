import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { hashSettings } from '../../../lib/json/canonical';
import type { JsonObject } from '../../../lib/json/json';
import { SchemaRegistry } from '../../../lib/schemas/registry';
import { SHIPPED_CLIENT_SCHEMAS } from '../../../lib/schemas/shipped';
import { judgeCommand } from '../../../lib/simulator/sensors/commands';
import {
  type BoardConfiguration,
  ConfigurationMemory,
  intervalsOf,
} from '../../../lib/simulator/sensors/configuration';

const schemas = SchemaRegistry.load([SHIPPED_CLIENT_SCHEMAS]);
const SETTINGS = { telemetry_interval_s: 5 };
const inForce: BoardConfiguration = { revision: 4, hash: hashSettings(SETTINGS), settings: SETTINGS };

/** A configuration command; `extra` replaces members. */
function configuration(settings: JsonObject, extra: JsonObject = {}): JsonObject {
  return {
    command: 'config',
    id: '01890000-0000-7000-8000-000000000001',
    device_id: 'board-1',
    revision: 5,
    version: '1.0.0',
    schema: 'esp32-sensor/1',
    settings,
    hash: hashSettings(settings),
    issued_at: '2026-01-29T10:00:00.000Z',
    expires_at: '2026-01-29T11:00:00.000Z',
    ...extra,
  };
}

const judge = (command: JsonObject) =>
  judgeCommand(command, { deviceId: 'board-1', inForce, schemas, now: Date.parse('2026-01-29T10:30:00Z') });

describe('commands to a simulated board', () => {
  it('put a valid configuration in force', () => {
    const settings = { telemetry_interval_s: 2, heartbeat_interval_s: 10 };
    should(judge(configuration(settings))).match({
      answer: { state: 'applied', code: 'APPLIED', errors: [] },
      configuration: { revision: 5, hash: hashSettings(settings), settings },
    });
  });

  for (const [what, command, answer] of [
    ['an older revision', configuration(SETTINGS, { revision: 3 }), 'superseded STALE_REVISION'],
    ['the revision in force', configuration(SETTINGS, { revision: 4 }), 'applied UNCHANGED'],
    ['other settings of it', configuration({}, { revision: 4 }), 'rejected REVISION_CONFLICT'],
    ['settings out of bounds', configuration({ telemetry_interval_s: 61 }), 'rejected INVALID'],
    ['another broker', configuration({ broker: { host: 'b', port: 8883 } }), 'rejected INVALID'],
    ['another schema', configuration(SETTINGS, { schema: 'signal-tower/1' }), 'rejected INVALID'],
    ['a hash of something else', configuration(SETTINGS, { hash: 'a'.repeat(64) }), 'rejected HASH_MISMATCH'],
    [
      'one that is too late',
      configuration(SETTINGS, { expires_at: '2026-01-29T10:29:00Z' }),
      'rejected EXPIRED',
    ],
    ['one without revision', configuration(SETTINGS, { revision: 0 }), 'rejected INVALID'],
    ['a restart', { command: 'reboot', id: 'r-1', device_id: '*' }, 'rejected UNKNOWN_COMMAND'],
  ] as const) {
    it(`are answered and change nothing: ${what} is ${answer}`, () => {
      const outcome = judge(command);
      should(`${outcome?.answer.state} ${outcome?.answer.code}`).equal(answer);
      should(outcome?.configuration).be.undefined();
    });
  }

  it('say by pointer what is wrong', () => {
    should(judge(configuration({ telemetry_interval_s: 61 }))?.answer.errors).match([
      { pointer: '/telemetry_interval_s', rule: 'maximum' },
    ]);
  });

  it('to another board of the equipment are none of its business', () => {
    should(judge(configuration(SETTINGS, { device_id: 'board-2' }))).be.undefined();
  });
});

describe('the configuration of a simulated board', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-board-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('sets its intervals; without one they are those of its kind', () => {
    const none = new ConfigurationMemory().configuration;
    should(intervalsOf('electrical', none)).eql({ telemetry: 1_000, heartbeat: 60_000 });
    should(intervalsOf('environmental', none)).eql({ telemetry: 10_000, heartbeat: 60_000 });
    should(intervalsOf('environmental', inForce)).eql({ telemetry: 5_000, heartbeat: 60_000 });
  });

  it('outlives the process', () => {
    const file = join(directory, 'boards', 'board-1.json');
    new ConfigurationMemory(file).keep(inForce);
    should(new ConfigurationMemory(file).configuration).eql(inForce);
  });

  it('is none when its file cannot be read: the service sends it again', () => {
    const file = join(directory, 'board-1.json');
    for (const content of ['{', '{"revision":1}']) {
      writeFileSync(file, content);
      should(new ConfigurationMemory(file).configuration).match({ revision: 0, hash: null });
    }
  });
});
