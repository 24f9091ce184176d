import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EgizError } from '../../lib/errors/egiz-error';
import { writeFileAtomic } from '../../lib/files/atomic';
import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER } from '../../lib/jwt/development-issuer';
import type { PreparedAccess } from './access';
import { type FlowsOutcome, installFlows } from './flows';
import { type HomePaths, PACKAGE_ROOT } from './home';
import type { Level } from './log';
import { LOOPBACK, type Ports } from './ports';
import { httpAnswers } from './probes';
import { ensureSecret, type Logins } from './secrets';
import type { ServiceSpec } from './service';

const PACKAGE = '@openegiz/node-red-edge';

export interface WebUrls {
  readonly apiUrl: string;
  readonly editorUrl: string;
  readonly dashboardUrl: string;
  readonly metricsUrl: string;
}

export function webUrls(ports: Ports, https: boolean): WebUrls {
  const origin = `${https ? 'https' : 'http'}://${LOOPBACK}:${ports.http}`;
  return {
    apiUrl: origin,
    editorUrl: `${origin}/editor/`,
    dashboardUrl: `${origin}/dashboard/`,
    metricsUrl: `http://${LOOPBACK}:${ports.metrics}/metrics`,
  };
}

/** The user directory: our package linked into it, the shipped flows in it. */
export function prepareNodeRed(paths: HomePaths): FlowsOutcome {
  const { nodeRedDirectory } = paths;
  const manifest = join(nodeRedDirectory, 'package.json');
  if (!existsSync(manifest)) {
    writeFileAtomic(manifest, '{ "name": "openegiz-flows", "private": true, "dependencies": {} }\n');
  }
  link(PACKAGE_ROOT, join(nodeRedDirectory, 'node_modules', PACKAGE));
  // The published package carries the flows as its examples.
  const shipped = ['flows', 'examples'].map((name) => join(PACKAGE_ROOT, name)).find(existsSync);
  return installFlows(shipped ?? PACKAGE_ROOT, nodeRedDirectory);
}

function link(target: string, path: string): void {
  const present = lstatSync(path, { throwIfNoEntry: false });
  if (present?.isSymbolicLink() && readlinkSync(path) === target) return;
  if (present !== undefined) rmSync(path, { recursive: true });
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'dir');
}

export interface NodeRedOptions {
  readonly paths: HomePaths;
  readonly ports: Ports;
  readonly access: PreparedAccess;
  readonly logins: Logins;
  readonly jwksFile: string;
  readonly https: boolean;
}

/** @throws EgizError `NODE_RED_MISSING` */
export function nodeRedService(options: NodeRedOptions): ServiceSpec {
  const { paths, ports, https, access } = options;
  const urls = webUrls(ports, https);
  return {
    name: 'node-red',
    command: process.execPath,
    args: [
      '--require',
      join(__dirname, 'end-with-parent.js'),
      findNodeRed(),
      '--settings',
      join(PACKAGE_ROOT, 'dist', 'settings.js'),
      '--userDir',
      paths.nodeRedDirectory,
      '--port',
      String(ports.http),
    ],
    cwd: paths.nodeRedDirectory,
    env: { ...process.env, ...environment(options) },
    channel: true,
    // Node-RED warns of what our settings mean to be so.
    shownFrom: 'error',
    port: ports.http,
    probe: async () => {
      await httpAnswers(urls.editorUrl, [200], access.pki.caFile);
      if (servesApi(paths)) await httpAnswers(`${urls.apiUrl}/api/v1/clients`, [401], access.pki.caFile);
    },
    levelOf: levelOfLine,
  };
}

/** A user may have taken the API out of the flows; then nobody waits for it. */
function servesApi({ nodeRedDirectory }: HomePaths): boolean {
  return readFileSync(join(nodeRedDirectory, 'flows.json'), 'utf8').includes('/api/v1/clients');
}

function findNodeRed(): string {
  try {
    return join(dirname(require.resolve('node-red/package.json', { paths: [PACKAGE_ROOT] })), 'red.js');
  } catch {
    throw new EgizError('NODE_RED_MISSING', 'Node-RED is not installed beside this package', {
      mend: `Run: npm install node-red (in ${PACKAGE_ROOT}, or where the package is installed)`,
    });
  }
}

/** What settings.ts and the shipped flows read. */
function environment({ paths, ports, access, logins, jwksFile, https }: NodeRedOptions): NodeJS.ProcessEnv {
  return {
    EGIZ_DEVELOPMENT: '1',
    EGIZ_HOST: LOOPBACK,
    EGIZ_PORT: String(ports.http),
    EGIZ_METRICS_HOST: LOOPBACK,
    EGIZ_METRICS_PORT: String(ports.metrics),
    ...(https
      ? {
          EGIZ_HTTPS: '1',
          EGIZ_HTTPS_CERT: access.pki.server.certFile,
          EGIZ_HTTPS_KEY: access.pki.server.keyFile,
        }
      : { EGIZ_HTTPS: '0' }),
    EGIZ_CREDENTIAL_SECRET_FILE: ensureSecret(join(paths.loginDirectory, 'credential-secret')),
    EGIZ_SESSION_SECRET_FILE: ensureSecret(join(paths.loginDirectory, 'session-secret')),
    EGIZ_EDITOR_PASSWORD_FILE: logins.editor.passwordFile,
    EGIZ_DASHBOARD_ADMIN_PASSWORD_FILE: logins['dashboard:admin'].passwordFile,
    EGIZ_DASHBOARD_VIEWER_PASSWORD_FILE: logins['dashboard:viewer'].passwordFile,
    EGIZ_BROKER_URL: `mqtts://${LOOPBACK}:${ports.mqttsServices}`,
    // For the edge client's flow, which is shipped switched off.
    EGIZ_EDGE_URL: `mqtts://${LOOPBACK}:${ports.mqtts}`,
    EGIZ_TLS_CA: access.pki.caFile,
    EGIZ_TLS_CERT: access.own.config.certFile,
    EGIZ_TLS_KEY: access.own.config.keyFile,
    EGIZ_SERVICE_ACCOUNT: access.own.config.account,
    EGIZ_CORE_CERT: access.own.core.certFile,
    EGIZ_CORE_KEY: access.own.core.keyFile,
    EGIZ_CORE_ACCOUNT: access.own.core.account,
    EGIZ_MONITORING_CERT: access.own.monitoring.certFile,
    EGIZ_MONITORING_KEY: access.own.monitoring.keyFile,
    EGIZ_MONITORING_ACCOUNT: access.own.monitoring.account,
    EGIZ_OTA_IMAGES: imagesDirectory(paths),
    EGIZ_STORE_FILE: paths.storeFile,
    EGIZ_INVENTORY: paths.inventoryFile,
    EGIZ_JWKS: jwksFile,
    EGIZ_JWT_ISSUER: DEVELOPMENT_ISSUER,
    EGIZ_JWT_AUDIENCE: DEVELOPMENT_AUDIENCE,
  };
}

/** Where a person puts the images that boards fetch. */
function imagesDirectory({ otaDirectory }: HomePaths): string {
  const directory = join(otaDirectory, 'images');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Node-RED's console lines: `24 Nov 15:00:00 - [error] [node:name] text`. */
function levelOfLine(line: string): Level {
  if (/\[(error|fatal)\]/.test(line)) return 'error';
  return /\[warn\]/.test(line) ? 'warning' : 'info';
}
