import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { connectAsync, type IClientOptions } from 'mqtt';
import 'should';
import type { Ready } from '../../cli/stack/ready';
import {
  AccountClients,
  connectOptions,
  loginOf,
  NOT_AUTHORIZED,
  publishCode as publish,
  subscribeCode,
} from '../support/account-client';
import { Homes } from '../support/running-stack';

/** How long a message that must not arrive is waited for. */
const SILENCE_MS = 400;

/**
 * SEC-4, FR-3, on a real broker. A plain Mosquitto grants every SUBSCRIBE, so only what is delivered, and the
 * PUBACK, prove anything.
 */
describe('accounts on the broker', function () {
  this.timeout(60_000);
  const homes = new Homes();
  let ready: Ready;

  before(async () => {
    ready = await homes.start(homes.make(), ['--clients', '0', '--boards', 'none']).untilReady();
  });
  after(() => homes.cleanUp());
  afterEach(() => accounts.end());

  const accounts = new AccountClients(() => ready);
  const login: AccountClients['login'] = (account, options) => accounts.login(account, options);

  const press = 'tenants/acme/clients/press-line-1';
  const oven = 'openegiz/factory-a/oven/oven-001';
  const writes: [string, string[], string[]][] = [
    [
      'acme.press-line-1',
      [`${press}/status`, `${press}/telemetry/press/fast`, `${press}/meta/press/fast`],
      [
        `${press}/commands/config`,
        `${press}/status/x`,
        'tenants/acme/clients/press-line-2/status',
        'tenants/globex/clients/press-line-1/status',
        'tenants/globex/clients/mill-1/telemetry/a/b',
        `${oven}/command`,
        `${oven}/thermal/telemetry`,
      ],
    ],
    [
      'esp32-oven001-therm',
      [`${oven}/thermal/telemetry`, `${oven}/thermal/status`],
      [
        `${oven}/electrical/telemetry`,
        `${oven}/status`,
        `${oven}/command`,
        'openegiz/factory-b/oven/oven-001/thermal/telemetry',
        'openegiz/factory-a/press/oven-001/thermal/telemetry',
        `${press}/status`,
      ],
    ],
    [
      'egiz-config',
      [`${press}/commands/config`, `${oven}/command`],
      [`${press}/status`, `${oven}/thermal/telemetry`],
    ],
    ['telegraf', [], [`${oven}/command`, `${oven}/thermal/telemetry`, `${press}/commands/config`]],
    ['watch', [], [`${oven}/command`, '$SYS/broker/x']],
  ];
  for (const [account, own, foreign] of writes) {
    it(`let ${account} write exactly its own topics`, async () => {
      const client = await login(account);
      for (const topic of own) (await publish(client, topic)).should.not.equal(NOT_AUTHORIZED, topic);
      for (const topic of foreign) (await publish(client, topic)).should.equal(NOT_AUTHORIZED, topic);
    });
  }

  it('let a client and a board read their own commands and nothing else, whatever they subscribe to', async () => {
    const received = new Map<string, string[]>();
    for (const account of ['acme.press-line-1', 'esp32-oven001-elec', 'watch', 'ml-service']) {
      const topics: string[] = [];
      received.set(account, topics);
      const client = await login(account);
      client.on('message', (topic) => {
        if (!topic.startsWith('$SYS')) topics.push(topic);
      });
      const filters = [
        '#',
        'tenants/#',
        'openegiz/#',
        `${press}/commands/config`,
        `${oven}/command`,
        'openegiz/+/+/+/+/telemetry',
      ];
      // With the guard most are refused; without it all are granted, and nothing more is delivered.
      for (const filter of filters) await subscribeCode(client, filter);
    }
    const service = await login('egiz-config');
    const board = await login('esp32-oven001-therm');
    const other = await login('acme.press-line-2');
    await publish(service, `${press}/commands/config`);
    await publish(service, 'tenants/acme/clients/press-line-2/commands/config');
    await publish(service, `${oven}/command`);
    await publish(service, 'openegiz/factory-a/environment/zone-a/command');
    await publish(board, `${oven}/thermal/telemetry`);
    await publish(other, 'tenants/acme/clients/press-line-2/status');
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));

    const seen = (account: string) => [...new Set(received.get(account))];
    seen('acme.press-line-1').should.eql([`${press}/commands/config`]);
    seen('esp32-oven001-elec').should.eql([`${oven}/command`]);
    seen('watch').should.eql([]);
    seen('ml-service').should.eql([`${oven}/thermal/telemetry`]);
  });

  it('are told by their password or certificate, not by the client id they ask for (SPEC 2)', async () => {
    const victim = await login('acme.press-line-1');
    let ended = false;
    victim.on('close', () => {
      ended = true;
    });
    await login('acme.press-line-2', { clientId: 'acme.press-line-1' });
    await login('globex.tower-1', { clientId: 'acme.press-line-1' });
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    ended.should.equal(false);
  });

  it('of clients do not open the listener of services, where client ids are free (SPEC 2)', async () => {
    const { url } = loginOf(ready, 'telegraf');
    const options = connectOptions(ready, loginOf(ready, 'globex.tower-1'));
    await connectAsync(url, { ...options, reconnectPeriod: 0 }).should.be.rejected();
  });

  const refused: [string, Record<string, unknown>][] = [
    ['a wrong password', { password: 'wrong' }],
    ['no account', { username: undefined, password: undefined }],
    ['an unknown account', { username: 'acme.nobody' }],
  ];
  for (const [name, change] of refused) {
    it(`do not get in with ${name}`, async () => {
      const account = loginOf(ready, 'acme.press-line-1');
      const options = { ...connectOptions(ready, account), ...change, reconnectPeriod: 0 } as IClientOptions;
      await connectAsync(account.url, options).should.be.rejectedWith({ code: NOT_AUTHORIZED });
    });
  }

  it('do not get in with TLS 1.2 (SEC-1)', async () => {
    const port = Number(new URL(ready.mqtt.url).port);
    const outcome = new Promise<string>((resolve) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        ca: readFileSync(ready.mqtt.caFile),
        maxVersion: 'TLSv1.2',
      });
      socket.once('secureConnect', () => resolve('connected'));
      socket.once('error', (fault: NodeJS.ErrnoException) => resolve(fault.code ?? fault.message));
    });
    (await outcome).should.equal('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });
});
