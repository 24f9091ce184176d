import { isAbsolute, join } from 'node:path';
import { EgizError } from '../../lib/errors/egiz-error';
import { type ClientRef, clientAccount, parseClientAccount, parseClientRef } from '../../lib/topics/clients';
import type { BrokerNode } from '../egiz-broker/broker-node';
import type { SavedConfig } from '../shell/migrate';

export interface ConfigInConfig {
  readonly ref: ClientRef;
  /** Directories of schemas besides the shipped ones; undefined: settings are not checked. */
  readonly schemaDirectories: readonly string[] | undefined;
  /** Holds the last good configuration and what is not finished. */
  readonly stateFile: string;
  readonly confirmTimeoutMs: number;
}

const MAX_CONFIRM_SECONDS = 3600;

/**
 * Reads the node's saved configuration. Without a tenant and client the broker account names them.
 * @throws EgizError `CONFIG_INVALID`, `INVALID_IDENTIFIER`
 */
export function parseConfig(saved: SavedConfig, broker: BrokerNode, userDirectory: string): ConfigInConfig {
  const ref = refOf(text(saved.tenant), text(saved.client), broker.account);
  const directory = text(saved.dataDir) || join('openegiz', 'edge');
  const schemaDir = text(saved.schemaDir);
  const inUserDirectory = (path: string) => (isAbsolute(path) ? path : join(userDirectory, path));
  return {
    ref,
    schemaDirectories:
      saved.validate === false ? undefined : schemaDir === '' ? [] : [inUserDirectory(schemaDir)],
    stateFile: join(inUserDirectory(directory), `${clientAccount(ref)}.json`),
    confirmTimeoutMs: confirmSeconds(saved.confirmSeconds) * 1000,
  };
}

function refOf(tenant: string, client: string, account: string): ClientRef {
  if (tenant !== '' || client !== '') return parseClientRef(tenant, client);
  if (account.includes('.')) return parseClientAccount(account);
  throw new EgizError('CONFIG_INVALID', `The broker account "${account}" does not name a client`, {
    mend: 'Enter tenant and client, or use a broker connection with the account TENANT.CLIENT.',
  });
}

function confirmSeconds(value: unknown): number {
  const seconds = Number(value);
  if (Number.isFinite(seconds) && seconds >= 1 && seconds <= MAX_CONFIRM_SECONDS) return seconds;
  throw new EgizError('CONFIG_INVALID', `The time to confirm must be 1 to ${MAX_CONFIRM_SECONDS} s`, {
    mend: 'Open the node and correct it.',
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
