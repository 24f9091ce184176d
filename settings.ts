/**
 * Node-RED's settings for OpenEgiz Edge, hardened. Start with the compiled file: `node-red --settings dist/settings.js`.
 *
 * Everything that differs from place to place comes from the environment; secrets only from files that it names.
 *
 * | variable | meaning |
 * |---|---|
 * | EGIZ_HOST, EGIZ_PORT | where to listen; 127.0.0.1 and 1880 |
 * | EGIZ_HTTPS_CERT, EGIZ_HTTPS_KEY | PEM files; HTTPS with TLS 1.3 only, read again every hour. EGIZ_HTTPS=0 ignores them |
 * | EGIZ_METRICS_PORT, EGIZ_METRICS_HOST | where Prometheus finds `/metrics`, plain HTTP without a login; 127.0.0.1. Without a port there are none |
 * | EGIZ_TLS_PROXY=1 | a proxy in front speaks HTTPS instead |
 * | EGIZ_CREDENTIAL_SECRET_FILE | encrypts the flows' credentials |
 * | EGIZ_SESSION_SECRET_FILE | signs the dashboards' session cookies |
 * | EGIZ_EDITOR_USERS_FILE | `{"users": [{"username", "password": "scrypt$…", "role": "admin" or "viewer"}]}` |
 * | EGIZ_DASHBOARD_USERS_FILE | the same; a `"tenant"` binds the user to it, without one all are seen |
 * | EGIZ_DEVELOPMENT=1 | a machine to try things on: those of HTTPS, secrets and users may be missing, and minted tokens are accepted |
 * | EGIZ_EDITOR_PASSWORD_FILE, EGIZ_DASHBOARD_ADMIN_PASSWORD_FILE, EGIZ_DASHBOARD_VIEWER_PASSWORD_FILE | development only: the passwords of `editor`, `admin`, `viewer` in the clear |
 * | EGIZ_DASHBOARD_TENANT | development only: binds those two dashboard users to a tenant |
 *
 * A password's hash: `node -p "await require('@openegiz/node-red-edge').hashPassword('…')"`
 *
 * Outside development a missing or wrong one ends the start with one line each and exit code 1.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DashboardGuard } from './lib/dashboard/guard';
import { setSecurityHeaders } from './lib/dashboard/http';
import { Sessions } from './lib/dashboard/sessions';
import { EnvironmentReader, type ServerEnvironment } from './lib/settings/environment';
import { usersOf } from './lib/settings/logins';
import { LoginLimit } from './lib/users/login-limit';
import type { User, UserDirectory } from './lib/users/user-directory';
import type { RuntimeSettings } from './types/node-red-ext';

const HOUR_MS = 3_600_000;
/** One shift and the handover. */
const SESSION_HOURS = 12;

const reader = new EnvironmentReader(process.env);
const environment = reader.read();
const { faults } = reader;
const loginsFor = (place: 'editor' | 'dashboard') =>
  environment.passwords.filter((login) => login.place === place);
const editorUsers = usersOf('EGIZ_EDITOR_USERS_FILE', environment.editorUsers, loginsFor('editor'), faults);
const dashboardUsers = usersOf(
  'EGIZ_DASHBOARD_USERS_FILE',
  environment.dashboardUsers,
  loginsFor('dashboard'),
  faults,
);

if (faults.length > 0) {
  for (const fault of faults) console.error(`settings: ${fault}`);
  process.exit(1);
}

const audit = (event: string, detail: Readonly<Record<string, string>>) =>
  console.log(JSON.stringify({ at: new Date().toISOString(), event, ...detail }));

const guard = new DashboardGuard({
  users: dashboardUsers,
  sessions: new Sessions({
    secret: environment.sessionSecret ?? randomBytes(32).toString('hex'),
    users: dashboardUsers,
    lifetimeMs: SESSION_HOURS * HOUR_MS,
    now: Date.now,
  }),
  secure: environment.secure,
  behindProxy: environment.behindProxy,
  now: Date.now,
  audit,
});

function securityHeaders(_request: IncomingMessage, response: ServerResponse, next: () => void): void {
  setSecurityHeaders(response, environment.secure);
  next();
}

function editorUser({ username, role }: User): { username: string; permissions: string } {
  return { username, permissions: role === 'admin' ? '*' : 'read' };
}

function editorLogin(users: UserDirectory): RuntimeSettings['adminAuth'] {
  // Node-RED tells no address here.
  const limit = new LoginLimit(10, Date.now);
  return {
    type: 'credentials',
    sessionExpiryTime: (SESSION_HOURS * HOUR_MS) / 1000,
    users: async (username) => {
      const user = users.find(username);
      return user === undefined ? null : editorUser(user);
    },
    authenticate: async (username, password) => {
      if (limit.waitFor(username) > 0) return null;
      limit.failed(username);
      const user = await users.authenticate(username, password);
      if (user === undefined) return null;
      limit.succeeded(username);
      return editorUser(user);
    },
  };
}

function httpsOf({ https }: ServerEnvironment): Pick<RuntimeSettings, 'https' | 'httpsRefreshInterval'> {
  if (https === undefined) return {};
  return {
    https: () => ({
      cert: readFileSync(https.certFile),
      key: readFileSync(https.keyFile),
      minVersion: 'TLSv1.3',
    }),
    httpsRefreshInterval: 1,
  };
}

/** Nothing is installed, looked up or reported on its own. */
const closedToTheOutside = {
  telemetry: { enabled: false, updateNotification: false },
  externalModules: {
    autoInstall: false,
    palette: { allowInstall: false, allowUpdate: false, allowUpload: false },
    modules: { allowInstall: false },
  },
  functionExternalModules: false,
};

const editorTheme = {
  page: { title: 'OpenEgiz Edge' },
  header: { title: 'OpenEgiz Edge' },
  tours: false,
  palette: { catalogues: [] },
  multiplayer: { enabled: false },
  codeEditor: { lib: 'monaco' },
};

const settings: RuntimeSettings = {
  uiHost: environment.host,
  uiPort: environment.port,
  flowFile: 'flows.json',
  flowFilePretty: true,
  httpAdminRoot: '/editor',
  httpNodeRoot: '/',
  ...(environment.credentialSecret === undefined ? {} : { credentialSecret: environment.credentialSecret }),
  adminAuth: editorLogin(editorUsers),
  ...httpsOf(environment),
  httpAdminCookieOptions: { httpOnly: true, sameSite: 'strict', secure: environment.secure },
  httpAdminMiddleware: securityHeaders,
  httpNodeMiddleware: securityHeaders,
  webSocketNodeVerifyClient: guard.verifyWebSocket,
  dashboard: { middleware: guard.middleware, ioMiddleware: guard.ioMiddleware },
  ui: { path: 'ui', middleware: guard.middleware, ioMiddleware: guard.ioMiddleware },
  ...(environment.metrics === undefined ? {} : { egizMetrics: environment.metrics }),
  ...closedToTheOutside,
  editorTheme,
  apiMaxLength: '5mb',
  contextStorage: { default: { module: 'memory' }, file: { module: 'localfilesystem' } },
  functionGlobalContext: {},
  exportGlobalContextKeys: false,
  functionTimeout: 0,
  globalFunctionTimeout: 30,
  nodeMessageBufferMaxLength: 10_000,
  diagnostics: { enabled: true, ui: false },
  runtimeState: { enabled: false, ui: false },
  envVarExcludes: Object.keys(process.env).filter((name) => /SECRET|PASSWORD|TOKEN|USERS_FILE/i.test(name)),
  logging: { console: { level: 'info', metrics: false, audit: !environment.development } },
};

export = settings;
