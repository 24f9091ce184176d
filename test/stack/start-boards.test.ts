import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import type { Ready } from '../../cli/stack/ready';
import { buildVirtualBoard, virtualBoardPaths } from '../../cli/stack/virtual-board';
import type { JsonObject } from '../../lib/json/json';
import { connectMqtt } from '../../lib/mqtt/connection';
import type { MqttLink } from '../../lib/mqtt/link';
import { openSigningKeys } from '../../lib/ota/keys';
import { manifestOf, signUpdate } from '../../lib/ota/update';
import { eventually, Homes, isAlive } from '../support/running-stack';
import { call } from '../support/secure-call';

const BOARD = 'esp32-oven001-elec';
const COMMANDS = 'openegiz/factory-a/oven/oven-001/command';

interface Board {
  readonly presence: string;
  readonly bootId: string;
  readonly desired: JsonObject;
  readonly reported: JsonObject;
}

function clientApi(ready: Ready, path: string, body?: object) {
  return call(ready, `/api/v1/clients/${path}`, { tenant: 'acme', ...(body === undefined ? {} : { body }) });
}

async function boardAt(ready: Ready, id: string): Promise<Board> {
  return (await clientApi(ready, id)).body as unknown as Board;
}

async function boardBecomesAt(ready: Ready, holds: (now: Board) => boolean): Promise<Board> {
  for (const end = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const now = await boardAt(ready, BOARD);
    if (holds(now)) return now;
    if (Date.now() > end) throw new Error(`in vain waited: ${JSON.stringify(now)}`);
  }
}

/** A connection with the account of a service. */
function connectService(ready: Ready, name: string, clientId: string): MqttLink {
  const account = ready.accounts[name];
  if (account === undefined || !('certFile' in account)) throw new Error(`no account ${name}`);
  return connectMqtt({
    url: account.url,
    clientId,
    tls: {
      ca: readFileSync(ready.mqtt.caFile),
      cert: readFileSync(account.certFile),
      key: readFileSync(account.keyFile),
    },
  });
}

describe('openegiz start', function () {
  this.timeout(120_000);
  const homes = new Homes();
  after(() => homes.cleanUp());

  it('simulates the boards of the sample: they measure, and take configurations', async () => {
    const stack = homes.start(homes.make(), ['--https', '--clients', '0']);
    const ready = await stack.untilReady();
    const archive = connectService(ready, 'telegraf', 'telegraf-test');
    const types = new Set<unknown>();
    try {
      await archive.subscribe('openegiz/+/+/+/+/telemetry', ({ payload }) => {
        types.add((JSON.parse(payload.toString()) as JsonObject).sensor_type);
      });
      await eventually(
        () => types.size === 3,
        20_000,
        () => [...types].join(),
      );
    } finally {
      await archive.close();
    }
    await boardBecomesAt(ready, ({ presence }) => presence === 'online');
    const settings = { telemetry_interval_s: 2 };
    const { body } = await clientApi(ready, `${BOARD}/config`, { version: '1.0.0', settings });
    const { reported } = await boardBecomesAt(ready, ({ desired }) => desired.state === 'applied');
    should(reported).match({ revision: 1, hash: body.hash });
    should(stack.command.output).match(/Boards +3 of 3 simulated/);
  });
});

describe('openegiz start --boards virtual', function () {
  this.timeout(120_000);
  const homes = new Homes();
  let home = '';
  let ready: Ready;
  before(async function () {
    this.timeout(300_000);
    await buildVirtualBoard(virtualBoardPaths(), () => undefined);
    home = homes.make();
    const stack = homes.start(home, ['--https', '--clients', '0', '--boards', 'virtual', '--boards', '2']);
    ready = await stack.untilReady();
  });
  after(() => homes.cleanUp());

  const api = (path: string, body?: object) => clientApi(ready, path, body);
  const board = (id = BOARD) => boardAt(ready, id);
  const boardBecomes = (holds: (now: Board) => boolean) => boardBecomesAt(ready, holds);

  it('runs as many boards as asked for, with their own accounts', async () => {
    should(ready.services.boards?.pid).be.aboveOrEqual(1);
    await boardBecomes(({ presence }) => presence === 'online');
    should((await board('esp32-zonea-amb')).presence).equal('unknown');
  });

  it('takes a configuration over the REST API to the board and back', async () => {
    const { status, body } = await api(`${BOARD}/config`, {
      version: '1.0.0',
      settings: { telemetry_interval_s: 2 },
    });
    should(status).equal(202);
    should(body).match({ clientId: BOARD, revision: 1, clientOnline: true });
    const { reported } = await boardBecomes(({ desired }) => desired.state === 'applied');
    should(reported).match({ revision: 1, hash: body.hash });
    should(
      (await api(`${BOARD}/config`, { version: '1.0.1', settings: { telemetry_interval_s: 61 } })).body,
    ).match({
      status: 400,
      errors: [{ pointer: '/telemetry_interval_s', rule: 'maximum' }],
    });
  });

  it('starts the boards again when they die, with what they had', async () => {
    const { pid } = ready.services.boards ?? { pid: 0 };
    process.kill(pid, 'SIGKILL');
    await eventually(() => !isAlive(pid), 5_000);
    const { reported } = await boardBecomes(
      ({ presence, bootId }) => presence === 'online' && bootId === '2',
    );
    should(reported).match({ revision: 1 });
  });

  it('updates a board with an image that openegiz signed, from the shipped image server', async () => {
    const head = `EGIZVB1 ${JSON.stringify({ version: '1.1.0', build: 10_100 })}\n`;
    const image = Buffer.concat([Buffer.from(head), randomBytes(200_000)]);
    writeFileSync(join(home, 'ota/images/image.bin'), image);
    const said = { product: 'openegiz-sensor', hardware: 'virtual', version: '1.1.0', build: 10_100 };
    const url = `${ready.apiUrl}/ota/images/image.bin`;
    const manifest = manifestOf(image, { ...said, url, expires: '2099-01-01T00:00:00Z' });
    const update = signUpdate(manifest, openSigningKeys(join(home, 'ota/keys')).current);
    const told = await answers('blink-1', { ...update, command: 'ota', device_id: BOARD });
    should(told.at(-1)).match({ command: { state: 'applied' }, diagnostics: { firmware_version: '1.1.0' } });
    should(told.map(({ command }) => (command as JsonObject).code)).containDeepOrdered([
      'DOWNLOADING',
      'REBOOTING',
      'APPLIED',
    ]);
    const spoilt = { ...update, manifest: update.manifest.replace('"build":10100', '"build":10101') };
    const refused = await answers('blink-2', { ...spoilt, command: 'ota', device_id: BOARD });
    should(refused.at(-1)).match({ command: { state: 'rejected', code: 'BAD_SIGNATURE' } });
  });

  /** Publishes a command as the core service and collects the statuses that answer it, until the last. */
  async function answers(id: string, command: JsonObject): Promise<JsonObject[]> {
    const link = connectService(ready, 'egizcore', `egizcore-${id}`);
    const told: JsonObject[] = [];
    try {
      await link.subscribe('openegiz/+/+/+/+/status', ({ payload }) => {
        const status = JSON.parse(payload.toString('utf8')) as JsonObject;
        if ((status.command as JsonObject | undefined)?.id === id) told.push(status);
      });
      const payload = JSON.stringify({ ...command, id });
      await link.publish({ topic: COMMANDS, payload, qos: 1, retain: false, properties: {} });
      const last = () => String((told.at(-1)?.command as JsonObject | undefined)?.state);
      await eventually(
        () => ['applied', 'rejected', 'failed'].includes(last()),
        60_000,
        () => JSON.stringify(told.at(-1)),
      );
      return told;
    } finally {
      await link.close();
    }
  }
});
