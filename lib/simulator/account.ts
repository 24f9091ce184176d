import { readFileSync } from 'node:fs';
import { EgizError } from '../errors/egiz-error';
import { isJsonObject } from '../json/json';
import { parseJson } from '../json/parse';
import type { ConnectOptions } from '../mqtt/options';
import { type ClientRef, parseClientRef } from '../topics/clients';

/** A client of the inventory and how it logs in (SPEC 6 `accounts`). */
export interface SimulatedAccount extends ClientRef {
  /** Client type, e.g. `opc-core-client`. */
  readonly type: string;
  readonly url: string;
  readonly username: string;
  readonly passwordFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
}

export interface SimulatorFile {
  /** Where the clients keep what they must not forget; absent: in memory. */
  readonly stateDirectory?: string;
  readonly clients: readonly SimulatedAccount[];
}

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** @throws EgizError `SIMULATOR_FILE_INVALID`, `JSON_*`, `INVALID_IDENTIFIER`, or the file system's code */
export function readSimulatorFile(path: string): SimulatorFile {
  const value = parseJson(readFileSync(path), { maxBytes: MAX_FILE_BYTES });
  if (!isJsonObject(value) || !Array.isArray(value.clients)) throw invalid(path, 'it has no list "clients"');
  const { stateDirectory } = value;
  return {
    clients: value.clients.map((entry, index) => accountOf(entry, `${path}, client ${index + 1}`)),
    ...(typeof stateDirectory === 'string' ? { stateDirectory } : {}),
  };
}

function accountOf(entry: unknown, place: string): SimulatedAccount {
  if (!isJsonObject(entry)) throw invalid(place, 'it is not an object');
  const text = (name: string) => {
    const value = entry[name];
    if (typeof value !== 'string' || value === '') throw invalid(place, `"${name}" is missing`);
    return value;
  };
  const optional = ['passwordFile', 'certFile', 'keyFile', 'caFile'].filter(
    (name) => entry[name] !== undefined,
  );
  return {
    ...parseClientRef(entry.tenantId, entry.clientId),
    type: text('type'),
    url: text('url'),
    username: text('username'),
    ...Object.fromEntries(optional.map((name) => [name, text(name)])),
  };
}

/** The files are read at each connection: a rotated certificate or password is taken up. */
export function loginOf(account: SimulatedAccount): Pick<ConnectOptions, 'url' | 'tls' | 'credentials'> {
  const { url, username, passwordFile, certFile, keyFile, caFile } = account;
  const file = (path: string) => readFileSync(path, 'utf8');
  const tls = () => ({
    ...(caFile === undefined ? {} : { ca: file(caFile) }),
    ...(certFile === undefined ? {} : { cert: file(certFile) }),
    ...(keyFile === undefined ? {} : { key: file(keyFile) }),
  });
  if (passwordFile === undefined) return { url, tls };
  return { url, tls, credentials: () => ({ username, password: file(passwordFile).trim() }) };
}

function invalid(place: string, why: string): EgizError {
  return new EgizError('SIMULATOR_FILE_INVALID', `${place}: ${why}`, { id: place });
}
