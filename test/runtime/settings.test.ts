import { createHmac } from 'node:crypto';
import should from 'should';
import { hashPassword } from '../../lib/users/passwords';
import { freePort } from '../support/node-red';
import { NodeRedProcess, UserDirectoryFixture } from '../support/node-red-process';
import { PollingSocket } from '../support/polling-socket';

const BUTTON = 'button';
const node = (id: string, type: string, properties: object, wires: string[][] = []) => ({
  id,
  type,
  z: 'tab',
  wires,
  ...properties,
});

/** A dashboard with one button; `/seen` tells whom the flow last heard from, and how often. */
const flows = [
  { id: 'tab', type: 'tab', label: 'test' },
  {
    id: 'base',
    type: 'ui-base',
    name: 'Test',
    path: '/dashboard',
    includeClientData: true,
    acceptsClientConfig: [],
    allowInstall: false,
  },
  { id: 'theme', type: 'ui-theme', name: 'Theme', colors: {}, sizes: {} },
  {
    id: 'page',
    type: 'ui-page',
    name: 'Page',
    ui: 'base',
    path: '/page',
    layout: 'grid',
    theme: 'theme',
    order: 1,
  },
  { id: 'group', type: 'ui-group', name: 'Group', page: 'page', width: 6, height: 1, order: 1 },
  node(BUTTON, 'ui-button', { group: 'group', label: 'Push', icon: '', payload: '', payloadType: 'str' }, [
    ['remember'],
  ]),
  node('remember', 'function', {
    outputs: 0,
    func: "global.set('seen', {client: msg._client ?? null, count: (global.get('seen')?.count ?? 0) + 1})",
  }),
  node('in', 'http in', { url: '/seen', method: 'get' }, [['tell']]),
  node('tell', 'function', { outputs: 1, func: "msg.payload = global.get('seen') ?? null; return msg" }, [
    ['out'],
  ]),
  node('out', 'http response', {}),
];

const SESSION_SECRET = 'a-session-secret-of-the-test';

describe('settings.ts in a real Node-RED', function () {
  this.timeout(60_000);
  let home: UserDirectoryFixture;
  let port = 0;
  let production: Record<string, string> = {};
  const origin = () => `http://127.0.0.1:${port}`;

  before(async () => {
    home = new UserDirectoryFixture(flows);
    port = await freePort();
    const password = await hashPassword('right horse');
    production = {
      EGIZ_PORT: String(port),
      EGIZ_TLS_PROXY: '1',
      EGIZ_CREDENTIAL_SECRET_FILE: home.write('credential-secret', 'a-credential-secret-of-the-test'),
      EGIZ_SESSION_SECRET_FILE: home.write('session-secret', SESSION_SECRET),
      EGIZ_EDITOR_USERS_FILE: home.write('editor.json', {
        users: [{ username: 'ed', password, role: 'admin' }],
      }),
      EGIZ_DASHBOARD_USERS_FILE: home.write('dashboard.json', {
        users: [{ username: 'ann', password, role: 'viewer', tenant: 'acme' }],
      }),
    };
  });
  after(() => home.remove());

  async function refusal(variables: Record<string, string>): Promise<string[]> {
    const child = NodeRedProcess.spawn(home.path, variables);
    should(await child.exited()).equal(1);
    return child.output.split('\n').filter((line) => line !== '');
  }

  describe('refuses to start', () => {
    it('without its secrets, with one line each', async () => {
      const lines = await refusal({ EGIZ_PORT: String(port) });
      should(lines.map((line) => /^settings: (.*?)(,| is| and)/.exec(line)?.[1])).eql([
        'EGIZ_HTTPS_CERT',
        'EGIZ_CREDENTIAL_SECRET_FILE',
        'EGIZ_SESSION_SECRET_FILE',
        'EGIZ_EDITOR_USERS_FILE',
        'EGIZ_DASHBOARD_USERS_FILE',
      ]);
    });

    const cases: readonly (readonly [string, Record<string, string>, RegExp])[] = [
      [
        'with a secret file that is not there',
        { EGIZ_SESSION_SECRET_FILE: '/nowhere' },
        /EGIZ_SESSION_SECRET_FILE=\/nowhere cannot be read/,
      ],
      ['with a password in the clear', { EGIZ_EDITOR_PASSWORD_FILE: '/x' }, /outside development/],
      ['with a certificate without its key', { EGIZ_HTTPS_CERT: '/x' }, /must both be set/],
      ['with a port that is none', { EGIZ_PORT: '99999' }, /is no port/],
      ['with a metrics port that is none', { EGIZ_METRICS_PORT: 'x' }, /EGIZ_METRICS_PORT=x is no port/],
    ];
    for (const [name, change, line] of cases) {
      it(name, async () => {
        const lines = await refusal({ ...production, ...change });
        should(lines).have.length(1);
        should(lines[0]).match(line);
      });
    }

    it('with a users file whose password is not hashed', async () => {
      const users = { users: [{ username: 'ann', password: 'horse', role: 'admin' }] };
      const lines = await refusal({ ...production, EGIZ_EDITOR_USERS_FILE: home.write('bad.json', users) });
      should(lines).match([/EGIZ_EDITOR_USERS_FILE: .*"password" of entry 1 is not a hash/]);
    });

    it('in development, when plain HTTP would reach the network', async () => {
      should(await refusal({ EGIZ_DEVELOPMENT: '1', EGIZ_HOST: '0.0.0.0' })).match([/plain HTTP/]);
    });
  });

  describe('started', () => {
    let child: NodeRedProcess;
    let metricsPort = 0;
    before(async () => {
      metricsPort = await freePort();
      child = NodeRedProcess.spawn(home.path, { ...production, EGIZ_METRICS_PORT: String(metricsPort) });
      await child.started();
    });
    after(async () => {
      await child.stop();
    });

    it('the metrics are served on their own port, to this machine alone', async () => {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      should(text).match(/^process_cpu_seconds_total \d/m);
      should(text).match(/^egiz_stores\{state="usable"\} 0$/m);
      should((await fetch(`${origin()}/metrics`)).status).equal(404);
    });

    const dashboard = () => `${origin()}/dashboard`;
    const html = { accept: 'text/html' };

    async function post(path: string, form: Record<string, string>, headers: Record<string, string> = {}) {
      return fetch(`${dashboard()}${path}`, {
        method: 'POST',
        body: new URLSearchParams(form),
        headers: { origin: origin(), ...headers },
        redirect: 'manual',
      });
    }
    async function logIn(): Promise<string> {
      const response = await post('/login', { username: 'ann', password: 'right horse' });
      should(response.status).equal(303);
      should(response.headers.get('location')).equal('/dashboard');
      return response.headers.get('set-cookie') ?? '';
    }
    const cookieHeader = (setCookie: string) => ({ cookie: setCookie.split(';')[0] ?? '' });
    const connect = (headers?: Record<string, string>) =>
      PollingSocket.connect(`${dashboard()}/socket.io`, headers);
    async function seen(): Promise<{ client: Record<string, unknown> | null; count: number } | null> {
      return (await (await fetch(`${origin()}/seen`)).json()) as {
        client: Record<string, unknown>;
        count: number;
      };
    }

    for (const path of [
      'settings',
      'flows',
      'nodes',
      'context/global',
      'diagnostics',
      'library/local/flows',
    ]) {
      it(`the editor's /${path} refuses without a token`, async () => {
        should((await fetch(`${origin()}/editor/${path}`)).status).equal(401);
      });
    }

    it('the editor lets its users in, and nobody else', async () => {
      const login = (password: string) =>
        fetch(`${origin()}/editor/auth/token`, {
          method: 'POST',
          body: new URLSearchParams({
            client_id: 'node-red-editor',
            grant_type: 'password',
            scope: '',
            username: 'ed',
            password,
          }),
        });
      should((await login('wrong')).ok).be.false();
      const { access_token: token } = (await (await login('right horse')).json()) as { access_token: string };
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
      should((await fetch(`${origin()}/editor/flows`, { headers })).status).equal(200);
      const nodes = (await (await fetch(`${origin()}/editor/nodes`, { headers })).json()) as {
        module: string;
        err?: unknown;
      }[];
      const ours = nodes.filter(({ module }) => module === '@openegiz/node-red-edge');
      should(ours.length).be.above(1);
      should(ours.filter(({ err }) => err !== undefined)).be.empty();
    });

    it('an anonymous page goes to the login, an anonymous request gets 401', async () => {
      const page = await fetch(dashboard(), { headers: html, redirect: 'manual' });
      should([page.status, page.headers.get('location')]).eql([303, '/dashboard/login']);
      for (const path of ['', '/page', '/_setup', '/_debug/datastore/button', '/assets/x.js']) {
        should((await fetch(`${dashboard()}${path}`, { redirect: 'manual' })).status).equal(401);
      }
    });

    it('the login page speaks English and Russian and loads nothing from outside', async () => {
      const page = async (language: string) =>
        (await fetch(`${dashboard()}/login`, { headers: { 'accept-language': language } })).text();
      should(await page('en')).match(/Log in/);
      const russian = await page('ru-RU,ru;q=0.9,en;q=0.8');
      should(russian)
        .match(/lang="ru"/)
        .and.match(/Войти/);
      should(russian).not.match(/https?:\/\//);
    });

    it('an anonymous socket is refused', async () => {
      should((await connect()).answer).equal('44{"message":"unauthorized"}');
    });

    it('a forged cookie is refused', async () => {
      const body = Buffer.from(
        JSON.stringify({ id: 'x', sub: 'ann', exp: Date.now() + 1e6, fp: 'x' }),
      ).toString('base64url');
      const sign = (secret: string) =>
        createHmac('sha256', secret).update(`egiz-session:${body}`).digest('base64url');
      for (const signature of ['', 'AAAA', sign('another-secret'), sign(SESSION_SECRET)]) {
        const headers = { cookie: `__Host-egiz_session=${body}.${signature}` };
        should((await connect(headers)).answer).match(/^44/);
        should((await fetch(dashboard(), { headers })).status).equal(401);
      }
    });

    it('the session cookie is for this host, this site and HTTPS only', async () => {
      should(await logIn()).match(
        /^__Host-egiz_session=[^;]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
      );
    });

    it('a session opens the page and tells it who it is', async () => {
      const headers = cookieHeader(await logIn());
      should((await fetch(dashboard(), { headers })).status).equal(200);
      const setup = (await (await fetch(`${dashboard()}/_setup`, { headers })).json()) as { user: unknown };
      should(setup.user).eql({
        sub: 'ann',
        username: 'ann',
        roles: ['viewer'],
        tenantId: 'acme',
        scopes: ['config:read'],
      });
    });

    it('a socket from a page of another site is refused although it has the cookie', async () => {
      const headers = { ...cookieHeader(await logIn()), origin: 'https://evil.test' };
      should((await connect(headers)).answer).match(/^44/);
    });

    it("a forged msg._client is replaced by the session's user", async () => {
      const { socket, answer } = await connect({ ...cookieHeader(await logIn()), origin: origin() });
      should(answer).match(/^40/);
      const forged = { _client: { user: { sub: 'root', roles: ['admin'] }, extra: 1 }, payload: 1 };
      await socket.emit('widget-action', BUTTON, forged);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const heard = await seen();
      should(heard?.client).have.properties(['socketId', 'user']);
      should(heard?.client?.user).eql({
        sub: 'ann',
        username: 'ann',
        roles: ['viewer'],
        tenantId: 'acme',
        scopes: ['config:read'],
      });
      should(heard?.client).not.have.property('extra');
    });

    it('a logout drops the open socket and ends the session', async () => {
      const headers = { ...cookieHeader(await logIn()), origin: origin() };
      const { socket } = await connect(headers);
      const dropped = (async () => {
        for (let packets = ''; ; packets = await socket.poll()) {
          if (packets.includes('41') || packets.startsWith('HTTP') || packets === '1') return true;
        }
      })();
      should((await post('/logout', {}, headers)).status).equal(303);
      should(await dropped).be.true();
      should((await fetch(dashboard(), { headers })).status).equal(401);
      should((await connect(headers)).answer).match(/^44/);
    });

    it('a login form of another site is refused', async () => {
      const response = await post(
        '/login',
        { username: 'ann', password: 'right horse' },
        { origin: 'https://evil.test' },
      );
      should(response.status).equal(403);
    });

    it('guessing is slowed down, first for the person, then for the address', async () => {
      const statusOf = async (username: string, password: string) =>
        (await post('/login', { username, password })).status;
      const guesses: number[] = [];
      for (let attempt = 0; attempt < 6; attempt++) guesses.push(await statusOf('bob', 'wrong'));
      should(guesses).eql([401, 401, 401, 401, 401, 429]);
      for (let attempt = 0; attempt < 15; attempt++)
        should(await statusOf(`bob${attempt}`, 'wrong')).equal(401);
      const locked = await post('/login', { username: 'ann', password: 'right horse' });
      should(locked.status).equal(429);
      should(Number(locked.headers.get('retry-after'))).be.above(0);
      const elsewhere = await post(
        '/login',
        { username: 'ann', password: 'right horse' },
        { 'x-forwarded-for': '9.9.9.9' },
      );
      should(elsewhere.status).equal(303);
    });
  });
});
