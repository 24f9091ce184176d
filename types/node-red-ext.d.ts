import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LocalSettings } from '@node-red/runtime';

type Middleware<Request> = (
  request: Request,
  response: ServerResponse,
  next: (fault?: Error) => void,
) => void;

interface TlsOptions {
  key: Buffer;
  cert: Buffer;
  minVersion: 'TLSv1.3';
}

/** What both dashboards take from the settings; each hands in its own Express request and socket. */
interface DashboardSettings {
  path?: string;
  middleware: Middleware<never>;
  ioMiddleware: (socket: never, next: (fault?: Error) => void) => void;
}

interface EditorUser {
  username: string;
  permissions: string;
}

/** Node-RED's settings as 5.0 reads them; the published types lag behind. */
export interface RuntimeSettings
  extends Partial<
    Omit<LocalSettings, 'https' | 'adminAuth' | 'editorTheme' | 'httpAdminMiddleware' | 'logging'>
  > {
  adminAuth: {
    type: 'credentials';
    sessionExpiryTime: number;
    users: (username: string) => Promise<EditorUser | null>;
    authenticate: (username: string, password: string) => Promise<EditorUser | null>;
  };
  https?: () => TlsOptions;
  httpsRefreshInterval?: number;
  httpAdminCookieOptions: Record<string, unknown>;
  httpAdminMiddleware: Middleware<IncomingMessage>;
  httpNodeMiddleware: Middleware<IncomingMessage>;
  webSocketNodeVerifyClient: (info: { req: IncomingMessage }) => boolean;
  dashboard: DashboardSettings;
  ui: DashboardSettings;
  /** Ours: read by the plugin that serves the metrics. */
  egizMetrics?: { host: string; port: number };
  telemetry: { enabled: boolean; updateNotification: boolean };
  diagnostics: { enabled: boolean; ui: boolean };
  runtimeState: { enabled: boolean; ui: boolean };
  externalModules: Record<string, unknown>;
  editorTheme: Record<string, unknown>;
  logging: Record<string, unknown>;
  globalFunctionTimeout: number;
  nodeMessageBufferMaxLength: number;
  envVarExcludes: string[];
  functionTimeout: number;
}
