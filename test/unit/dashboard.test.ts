import should from 'should';
import { addIdentity, isFor, mayBeKept, ownIdentity } from '../../lib/dashboard/client-identity';
import { DashboardGuard, type DashboardUser, type GuardedSocket } from '../../lib/dashboard/guard';
import { isSameOrigin } from '../../lib/dashboard/http';
import { languageOf, loginPage } from '../../lib/dashboard/login-page';
import { Sessions } from '../../lib/dashboard/sessions';
import { LoginLimit } from '../../lib/users/login-limit';
import { UserDirectory } from '../../lib/users/user-directory';

const ann = { username: 'ann', role: 'admin', tenantId: 'acme', password: 'horse' } as const;
const users = UserDirectory.ofPasswords([ann]);

describe('sessions in signed cookies', () => {
  let now = 1_000_000;
  const sessions = (change: Partial<ConstructorParameters<typeof Sessions>[0]> = {}) =>
    new Sessions({ secret: 'secret', users, lifetimeMs: 60_000, now: () => now, ...change });
  const user = { username: 'ann', role: 'admin', tenantId: 'acme' } as const;

  it('outlive a restart, and end with their time', () => {
    const { value } = sessions().open(user);
    should(sessions().find(value)?.user).eql(user);
    now += 60_000;
    should(sessions().find(value)).be.undefined();
  });

  it('end with a logout', () => {
    const one = sessions();
    const { value, session } = one.open(user);
    one.revoke(session);
    should(one.find(value)).be.undefined();
  });

  it("end with another secret, and with a change of the user's password, role or tenant", () => {
    const { value } = sessions().open(user);
    should(sessions({ secret: 'other' }).find(value)).be.undefined();
    for (const change of [{ password: 'cow' }, { role: 'viewer' as const }, { tenantId: null }]) {
      should(
        sessions({ users: UserDirectory.ofPasswords([{ ...ann, ...change }]) }).find(value),
      ).be.undefined();
    }
    should(sessions({ users: UserDirectory.ofPasswords([]) }).find(value)).be.undefined();
  });

  for (const value of [undefined, '', 'a', 'a.b', 'a.b.c', '.', `${'a'.repeat(2000)}.b`]) {
    it(`do not open for the cookie ${String(value).slice(0, 10)}`, () =>
      should(sessions().find(value)).be.undefined());
  }
});

describe('an open socket', () => {
  it('is dropped when its session is over', async () => {
    const sessions = new Sessions({ secret: 's', users, lifetimeMs: 40, now: Date.now });
    const guard = new DashboardGuard({
      users,
      sessions,
      secure: false,
      behindProxy: false,
      now: Date.now,
      audit: () => undefined,
    });
    const { value } = sessions.open({ username: 'ann', role: 'admin', tenantId: null });
    const dropped = new Promise<boolean | undefined>((resolve) => {
      const socket: GuardedSocket = {
        request: { headers: { cookie: `a=b; egiz_session=${value}`, host: 'h' } },
        data: {},
        disconnect: resolve,
        on: () => undefined,
      };
      guard.ioMiddleware(socket, (fault) => should(fault).be.undefined());
      should(socket.data.user).match({
        sub: 'ann',
        roles: ['admin'],
        scopes: ['config:read', 'config:write'],
      });
      // Keeps the test's loop alive: the guard's own timer does not.
      setTimeout(() => resolve(undefined), 1000);
    });
    should(await dropped).be.true();
  });
});

describe('who a dashboard message comes from', () => {
  const user: DashboardUser = { sub: 'ann', username: 'ann', roles: ['viewer'], tenantId: null, scopes: [] };
  const guarded = { data: { user, guarded: true as const } };
  const open = { data: {} };
  const forged = { payload: 1, _client: { user: { sub: 'root' }, socketId: 'x' } };

  it("is the session's word, in lists, too", () => {
    should(ownIdentity(guarded, [forged, 5])).eql([{ payload: 1, _client: { user } }, 5]);
    should(addIdentity(guarded, { ...forged, _client: { socketId: 'x', user: 'root' } })).eql({
      payload: 1,
      _client: { socketId: 'x', user },
    });
  });

  it('is nobody where our guard does not run, and another plugin may still say it', () => {
    should(ownIdentity(open, forged)).eql({ payload: 1 });
    should(addIdentity(open, forged)).equal(forged);
    should(isFor(open, forged)).be.true();
  });

  it('keeps a message for one user from the others, and out of the store', () => {
    should(isFor(guarded, forged)).be.false();
    should(isFor(guarded, { _client: { user } })).be.true();
    should(isFor(guarded, { payload: 1 })).be.true();
    should(mayBeKept(forged)).be.false();
    should(mayBeKept({ payload: 1 })).be.true();
  });
});

describe('users', () => {
  it('are known by name and password', async () => {
    should(await users.authenticate('ann', 'horse')).eql({
      username: 'ann',
      role: 'admin',
      tenantId: 'acme',
    });
    should(await users.authenticate('ann', 'cow')).be.undefined();
    should(await users.authenticate('constructor', 'horse')).be.undefined();
  });

  const hash = `scrypt$32768$8$3$${'a'.repeat(22)}$${'b'.repeat(43)}`;
  const entry = { username: 'ann', role: 'viewer', password: hash };
  const wrong: readonly (readonly [string, object, RegExp])[] = [
    ['no users', {}, /no "users"/],
    ['a name twice', { users: [entry, entry] }, /twice/],
    ['an unknown role', { users: [{ ...entry, role: 'root' }] }, /"role"/],
    ['a password in the clear', { users: [{ ...entry, password: 'horse' }] }, /"password"/],
    [
      'a hash that would take all memory',
      { users: [{ ...entry, password: hash.replace('32768', '8388608') }] },
      /"password"/,
    ],
    ['a tenant that is none', { users: [{ ...entry, tenant: 'a/b' }] }, /"tenant"/],
    ['an empty name', { users: [{ ...entry, username: '' }] }, /"username"/],
  ];
  for (const [name, document, message] of wrong) {
    it(`refuse a file with ${name}`, () => {
      (() => UserDirectory.parse(document as never)).should.throw({ code: 'USERS_FILE', message });
    });
  }
});

describe('the login limit', () => {
  it('locks for twice as long with each failure after the free ones, and forgets on success', () => {
    let now = 0;
    const limit = new LoginLimit(3, () => now);
    const waits = Array.from({ length: 5 }, () => {
      limit.failed('k');
      return limit.waitFor('k');
    });
    should(waits).eql([0, 0, 30_000, 60_000, 120_000]);
    now = 120_000;
    should(limit.waitFor('k')).equal(0);
    for (let count = 0; count < 10; count++) limit.failed('k');
    should(limit.waitFor('k')).equal(15 * 60_000);
    limit.succeeded('k');
    should(limit.waitFor('k')).equal(0);
  });
});

describe('small parts of the login', () => {
  it('takes Russian only when it is preferred', () => {
    should(['ru', 'ru-RU,en;q=0.5', 'en,ru;q=0.9', 'de,ru;q=0.3', undefined, 'ru;q=0'].map(languageOf)).eql([
      'ru',
      'ru',
      'en',
      'ru',
      'en',
      'en',
    ]);
  });

  it('escapes the address it puts into the page', () => {
    should(loginPage('en', '/"><script>', 'n')).not.containEql('<script>');
  });

  it('knows its own origin, whatever the scheme in front', () => {
    should(isSameOrigin({ host: 'Plant:1880', origin: 'https://plant:1880' })).be.true();
    should(isSameOrigin({ host: 'plant' })).be.true();
    should(isSameOrigin({ host: 'plant', origin: 'http://evil' })).be.false();
    should(isSameOrigin({ host: 'plant', origin: 'null' })).be.false();
  });
});
