import { rmSync } from 'node:fs';
import { SECRET_MODE, writeFileAtomic } from '../../lib/files/atomic';
import type { AccountLogin } from './access';
import type { Login, TokenFiles } from './secrets';

export interface ServiceEntry {
  readonly pid: number;
  /** Absent when it does not listen. */
  readonly port?: number;
  readonly logFile: string;
}

/** Where the archive is, and a token that reads it. */
export interface ArchiveEntry {
  readonly url: string;
  readonly org: string;
  readonly bucket: string;
  readonly tokenFile: string;
}

/** SPEC 6: what scripts and people find in ready.json. A URL is absent while its part does not exist. */
export interface Ready {
  readonly pid: number;
  readonly apiUrl: string;
  readonly editorUrl: string;
  readonly dashboardUrl?: string;
  readonly metricsUrl?: string;
  readonly mqtt: { readonly url: string; readonly caFile: string };
  readonly influx?: ArchiveEntry;
  readonly logins: Readonly<Record<string, Login>>;
  readonly tokens: TokenFiles;
  readonly accounts: Readonly<Record<string, AccountLogin>>;
  readonly services: Readonly<Record<string, ServiceEntry>>;
}

/** It names where secrets lie, so it is for the owner alone. */
export function writeReady(file: string, ready: Ready): void {
  writeFileAtomic(file, `${JSON.stringify(ready, null, 2)}\n`, SECRET_MODE);
}

export function removeReady(file: string): void {
  rmSync(file, { force: true });
}
