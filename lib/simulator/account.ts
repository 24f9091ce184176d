import { readFileSync } from 'node:fs';
import { EgizError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json';
import { parseJson } from '../json/parse';
import type { ConnectOptions } from '../mqtt/options';
import { type ClientRef, parseClientRef } from '../topics/clients';
import { parseIdentifier } from '../topics/identifiers';
import { isSimulated } from './sensors/factory';
import type { SensorPlace } from './sensors/view';

/** How a client or board of the inventory logs in (SPEC 6 `accounts`). */
export interface SimulatedLogin {
  readonly url: string;
  readonly username: string;
  readonly passwordFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
}

/** A client of the inventory. */
export interface ClientAccount extends ClientRef, SimulatedLogin {
  /** Client type, e.g. `opc-core-client`. */
  readonly type: string;
}

/** A board of the inventory. */
export interface BoardAccount extends SensorPlace, SimulatedLogin {}

export interface SimulatorFile {
  /** Where clients and boards keep what they must not forget; absent: in memory. */
  readonly stateDirectory?: string;
  /** The same seed measures the same at the same time. */
  readonly seed: number;
  readonly clients: readonly ClientAccount[];
  readonly boards: readonly BoardAccount[];
}

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const LOGIN_FILES = ['passwordFile', 'certFile', 'keyFile', 'caFile'] as const;

/** @throws EgizError `SIMULATOR_FILE_INVALID`, `JSON_*`, `INVALID_IDENTIFIER`, or the file system's code */
export function readSimulatorFile(path: string): SimulatorFile {
  const value = parseJson(readFileSync(path), { maxBytes: MAX_FILE_BYTES });
  if (!isJsonObject(value)) throw invalid(path, 'it is not an object');
  const { stateDirectory, seed } = value;
  if (typeof seed !== 'number' || !Number.isInteger(seed))
    throw invalid(path, 'it has no whole number "seed"');
  return {
    seed,
    clients: entriesOf(value, 'clients', path).map(([entry, place]) => clientOf(entry, place)),
    boards: entriesOf(value, 'boards', path).map(([entry, place]) => boardOf(entry, place)),
    ...(typeof stateDirectory === 'string' ? { stateDirectory } : {}),
  };
}

/** The entries of a list, each with a name for its place. */
function entriesOf(file: JsonObject, list: 'clients' | 'boards', path: string): [JsonObject, string][] {
  const entries = file[list];
  if (!Array.isArray(entries)) throw invalid(path, `it has no list "${list}"`);
  return entries.map((entry, index) => {
    const place = `${path}, ${list} ${index + 1}`;
    if (!isJsonObject(entry)) throw invalid(place, 'it is not an object');
    return [entry, place];
  });
}

function clientOf(entry: JsonObject, place: string): ClientAccount {
  return {
    ...parseClientRef(entry.tenantId, entry.clientId),
    type: textOf(entry.type, 'type', place),
    ...simulatedLogin(entry, place),
  };
}

function boardOf(entry: JsonObject, place: string): BoardAccount {
  const sensorType = parseIdentifier('sensor type', entry.sensorType);
  if (!isSimulated(sensorType)) throw invalid(place, `there is no simulated sensor of type "${sensorType}"`);
  return {
    deviceId: parseIdentifier('device', entry.deviceId),
    factoryId: parseIdentifier('factory', entry.factoryId),
    equipmentType: parseIdentifier('equipment type', entry.equipmentType),
    equipmentId: parseIdentifier('equipment', entry.equipmentId),
    sensorType,
    ...simulatedLogin(entry, place),
  };
}

function simulatedLogin(entry: JsonObject, place: string): SimulatedLogin {
  const files = LOGIN_FILES.filter((name) => entry[name] !== undefined);
  return {
    url: textOf(entry.url, 'url', place),
    username: textOf(entry.username, 'username', place),
    ...Object.fromEntries(files.map((name) => [name, textOf(entry[name], name, place)])),
  };
}

function textOf(value: JsonValue | undefined, name: string, place: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(place, `"${name}" is missing`);
  return value;
}

/** The files are read at each connection: a rotated certificate or password is taken up. */
export function loginOf(account: SimulatedLogin): Pick<ConnectOptions, 'url' | 'tls' | 'credentials'> {
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
