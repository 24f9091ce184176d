import { readFileSync } from 'node:fs';
import { isDevelopment } from '../environment/development';
import { isLoopback } from '../net/loopback';

/** What `settings.ts` takes from the environment. Secrets are read from files, never from variables. */
export interface ServerEnvironment {
  readonly development: boolean;
  readonly host: string;
  readonly port: number;
  /** Where Prometheus finds the metrics; undefined: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  /** TLS 1.3 with these files; undefined for plain HTTP. */
  readonly https: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** The pages reach people over HTTPS, from here or from a proxy in front. */
  readonly secure: boolean;
  readonly behindProxy: boolean;
  readonly credentialSecret: string | undefined;
  readonly sessionSecret: string | undefined;
  /** The text of the users files. */
  readonly editorUsers: string | undefined;
  readonly dashboardUsers: string | undefined;
  /** Logins whose passwords lie in files in the clear; only in development. */
  readonly passwords: readonly PasswordLogin[];
}

export interface PasswordLogin {
  readonly place: 'editor' | 'dashboard';
  readonly username: string;
  readonly role: 'admin' | 'viewer';
  readonly tenantId: string | null;
  readonly password: string;
}

/** One line for the operator: what is missing or wrong, and the mend. */
export type Fault = string;

const MIN_SECRET_LENGTH = 16;

const PASSWORD_FILES = [
  ['EGIZ_EDITOR_PASSWORD_FILE', 'editor', 'editor', 'admin'],
  ['EGIZ_DASHBOARD_ADMIN_PASSWORD_FILE', 'dashboard', 'admin', 'admin'],
  ['EGIZ_DASHBOARD_VIEWER_PASSWORD_FILE', 'dashboard', 'viewer', 'viewer'],
] as const;

/** Reads the environment and the files it names; collects every fault instead of stopping at the first. */
export class EnvironmentReader {
  readonly faults: Fault[] = [];
  readonly #variables: NodeJS.ProcessEnv;
  readonly #development: boolean;

  constructor(variables: NodeJS.ProcessEnv) {
    this.#variables = variables;
    this.#development = isDevelopment(variables);
  }

  read(): ServerEnvironment {
    const https = this.#https();
    const host = this.#variables.EGIZ_HOST ?? '127.0.0.1';
    const proxy = this.#variables.EGIZ_TLS_PROXY === '1';
    if (https === undefined && !proxy && !this.#development) {
      this.faults.push(
        'EGIZ_HTTPS_CERT and EGIZ_HTTPS_KEY are not set: name the files of a certificate and its key, or set EGIZ_TLS_PROXY=1 when a proxy in front speaks HTTPS.',
      );
    }
    if (https === undefined && this.#development && !proxy && !isLoopback(host)) {
      this.faults.push(`EGIZ_HOST=${host} would serve plain HTTP to the network: use 127.0.0.1, or HTTPS.`);
    }
    return {
      development: this.#development,
      host,
      port: this.#port('EGIZ_PORT', '1880'),
      metrics: this.#metrics(),
      https,
      secure: https !== undefined || proxy,
      behindProxy: proxy,
      credentialSecret: this.#secret(
        'EGIZ_CREDENTIAL_SECRET_FILE',
        'a long random text that encrypts the credentials',
      ),
      sessionSecret: this.#secret(
        'EGIZ_SESSION_SECRET_FILE',
        'a long random text that signs the dashboard sessions',
      ),
      editorUsers: this.#required('EGIZ_EDITOR_USERS_FILE', 'the users of the editor'),
      dashboardUsers: this.#required('EGIZ_DASHBOARD_USERS_FILE', 'the users of the dashboards'),
      passwords: this.#passwords(),
    };
  }

  #https(): ServerEnvironment['https'] {
    const { EGIZ_HTTPS: wanted, EGIZ_HTTPS_CERT: certFile, EGIZ_HTTPS_KEY: keyFile } = this.#variables;
    if (wanted === '' || wanted === '0') return undefined;
    if (!certFile && !keyFile && wanted === undefined) return undefined;
    if (!certFile || !keyFile) {
      this.faults.push(
        'EGIZ_HTTPS_CERT and EGIZ_HTTPS_KEY must both be set: a certificate is of no use without its key.',
      );
      return undefined;
    }
    this.#file('EGIZ_HTTPS_CERT');
    this.#file('EGIZ_HTTPS_KEY');
    return { certFile, keyFile };
  }

  #port(variable: string, otherwise: string): number {
    const text = this.#variables[variable] ?? otherwise;
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (port < 1 || port > 65_535) this.faults.push(`${variable}=${text} is no port: use 1 to 65535.`);
    return port;
  }

  #metrics(): ServerEnvironment['metrics'] {
    const { EGIZ_METRICS_PORT: port, EGIZ_METRICS_HOST: host } = this.#variables;
    if (!port) return undefined;
    return { host: host || '127.0.0.1', port: this.#port('EGIZ_METRICS_PORT', '') };
  }

  #secret(variable: string, what: string): string | undefined {
    const secret = this.#required(variable, what)?.trim();
    if (secret === undefined || secret.length >= MIN_SECRET_LENGTH) return secret;
    this.faults.push(`${variable}: the secret in the file is shorter than ${MIN_SECRET_LENGTH} characters.`);
    return undefined;
  }

  /** A file that production cannot do without. */
  #required(variable: string, what: string): string | undefined {
    if (this.#variables[variable]) return this.#file(variable);
    if (!this.#development) this.faults.push(`${variable} is not set: name the file with ${what}.`);
    return undefined;
  }

  #file(variable: string): string | undefined {
    const path = this.#variables[variable] ?? '';
    try {
      return readFileSync(path, 'utf8');
    } catch (fault) {
      const reason = fault instanceof Error ? fault.message : String(fault);
      this.faults.push(`${variable}=${path} cannot be read: ${reason}.`);
      return undefined;
    }
  }

  #passwords(): PasswordLogin[] {
    return PASSWORD_FILES.flatMap(([variable, place, username, role]) => {
      if (!this.#variables[variable]) return [];
      if (!this.#development) {
        this.faults.push(
          `${variable} holds a password in the clear: outside development use a users file with hashes.`,
        );
        return [];
      }
      const password = this.#file(variable)?.trim();
      const tenantId = this.#variables.EGIZ_DASHBOARD_TENANT ?? null;
      return password === undefined ? [] : [{ place, username, role, tenantId, password }];
    });
  }
}
