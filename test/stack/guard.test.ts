import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import 'should';
import type { Ready } from '../../cli/stack/ready';
import { AccountClients, NOT_AUTHORIZED, publishCode, subscribeCode } from '../support/account-client';
import { eventually, Homes } from '../support/running-stack';

const OVEN = 'openegiz/factory-a/oven/oven-001';
const NO_SUBSCRIBERS = 16;

interface AuditEvent {
  readonly event: string;
  readonly account?: string;
  readonly client_id?: string;
  readonly topic?: string;
  readonly tls?: string;
}

/** What plain Mosquitto leaves open, on the broker as `openegiz start` starts it. */
describe('the guard of a started broker', function () {
  this.timeout(120_000);
  const homes = new Homes();
  let ready: Ready;
  let home = '';
  const accounts = new AccountClients(() => ready);

  before(async () => {
    home = homes.make();
    ready = await homes.start(home, ['--clients', '0', '--boards', 'none']).untilReady(110_000);
  });
  after(() => homes.cleanUp());
  afterEach(() => accounts.end());

  const audit = (): AuditEvent[] => {
    const file = join(home, 'logs/audit.jsonl');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as AuditEvent);
  };
  const audited = (expected: AuditEvent) =>
    eventually(
      () => audit().some((event) => isLike(event, expected)),
      5_000,
      () => JSON.stringify([expected, audit()]),
    );

  it('drops what is over 100 messages a second, says so, and disturbs nobody else (SEC-5)', async () => {
    const board = await accounts.login('esp32-oven001-elec');
    const other = await accounts.login('esp32-oven001-therm');
    const flood = Array.from({ length: 300 }, () => publishCode(board, `${OVEN}/electrical/telemetry`));
    const codes = await Promise.all(flood);
    const refused = codes.filter((code) => code === NOT_AUTHORIZED).length;
    // 100 at once, and what the bucket gains while the flood lasts.
    refused.should.be.within(100, 200);
    (await publishCode(other, `${OVEN}/thermal/telemetry`)).should.be.oneOf(0, NO_SUBSCRIBERS);
    board.connected.should.equal(true);
    await audited({ event: 'rate_limited', account: 'esp32-oven001-elec' });
  });

  it('lets services send as much as they must (SPEC 3)', async () => {
    const service = await accounts.login('egizcore');
    const codes = await Promise.all(
      Array.from({ length: 300 }, () => publishCode(service, `${OVEN}/command`)),
    );
    codes.should.not.containEql(NOT_AUTHORIZED);
  });

  it('refuses a SUBSCRIBE that no right covers, shared ones too (SPEC 2)', async () => {
    const board = await accounts.login('esp32-oven001-elec');
    const foreign = ['#', 'openegiz/#', '$SYS/#', `${OVEN}/+`, '$share/group/openegiz/#'];
    for (const filter of foreign) (await subscribeCode(board, filter)).should.equal(NOT_AUTHORIZED, filter);
    (await subscribeCode(board, `${OVEN}/command`)).should.equal(1);
    const archive = await accounts.login('telegraf');
    (await subscribeCode(archive, '$share/archive/openegiz/#')).should.equal(1);
    await audited({ event: 'acl_denied', account: 'esp32-oven001-elec', topic: '#' });
  });

  it('refuses a client id that is not the account’s, before it ends a session (SPEC 2)', async () => {
    const victim = await accounts.login('acme.press-line-1');
    let ended = false;
    victim.on('close', () => {
      ended = true;
    });
    for (const clientId of ['acme.press-line-1', 'telegraf', 'watchdog']) {
      await accounts.login('watch', { clientId }).should.be.rejectedWith({ code: NOT_AUTHORIZED });
    }
    await accounts.login('watch', { clientId: 'watch-2' });
    ended.should.equal(false);
    await audited({ event: 'refused', account: 'watch', client_id: 'acme.press-line-1' });
  });

  it('writes who came and who was refused, with the TLS version where the broker tells it (SEC-6)', async () => {
    await accounts.login('egizcore', { clientId: 'egizcore-audit' });
    await accounts.login('acme.press-line-2', { password: 'wrong' }).should.be.rejected();
    await audited({ event: 'connect', account: 'egizcore', client_id: 'egizcore-audit', tls: 'TLSv1.3' });
    await audited({ event: 'refused', account: 'acme.press-line-2' });
  });

  it('counts for the monitoring role, below $SYS/broker/egiz (FR-5.6)', async () => {
    const counters = new Map<string, number>();
    const watch = await accounts.login('watch');
    watch.on('message', (topic, payload) => counters.set(topic, Number(payload.toString())));
    (await subscribeCode(watch, '$SYS/broker/egiz/#')).should.equal(1);
    const at = (name: string) => counters.get(`$SYS/broker/egiz/${name}`) ?? 0;
    await eventually(() => at('rate_limited') >= 100 && at('acl/denied/subscribe') >= 5, 25_000);
    at('auth/client_ids_refused').should.be.aboveOrEqual(3);
    at('messages/telemetry/electrical/count').should.be.aboveOrEqual(100);
    at('acl/denying_all').should.equal(0);
  });

  it('keeps sessions, and what waits in them, over a reload', async () => {
    const session = { clientId: 'egizcore-queue', clean: false, properties: { sessionExpiryInterval: 600 } };
    const before = await accounts.login('egizcore', session);
    (await subscribeCode(before, `${OVEN}/#`)).should.equal(1);
    await before.endAsync();
    const board = await accounts.login('esp32-oven001-therm');
    (await publishCode(board, `${OVEN}/thermal/telemetry`, 'before')).should.equal(0);
    process.kill(ready.services.mosquitto?.pid ?? 0, 'SIGHUP');
    await audited({ event: 'reload' });
    (await publishCode(board, `${OVEN}/thermal/telemetry`, 'after')).should.equal(0);
    const received: string[] = [];
    const again = await accounts.login('egizcore', session);
    again.on('message', (_topic, payload) => received.push(payload.toString()));
    await eventually(
      () => received.length >= 2,
      5_000,
      () => received.join(),
    );
    received.should.eql(['before', 'after']);
  });
});

function isLike(event: AuditEvent, expected: AuditEvent): boolean {
  return Object.entries(expected).every(([name, value]) => event[name as keyof AuditEvent] === value);
}
