import { readFileSync } from 'node:fs';
import { SECRET_MODE, writeFileQuickly } from '../../files/atomic';
import { isJsonObject, type JsonObject } from '../../json/json';
import { parseJson } from '../../json/parse';

/** What a board runs by; as in `schemas/clients/esp32-sensor.1.json`. */
export interface BoardConfiguration {
  /** 0 and null without one. */
  readonly revision: number;
  readonly hash: string | null;
  readonly settings: JsonObject;
}

const NONE: BoardConfiguration = { revision: 0, hash: null, settings: {} };
const MAX_FILE_BYTES = 64 * 1024;
/** FR-1.4, PRD: electrical and thermal boards measure each second, environmental ones every ten. */
const TELEMETRY_SECONDS: Readonly<Record<string, number>> = { environmental: 10 };
/** FR-1.9. */
const HEARTBEAT_SECONDS = 60;

/** Milliseconds between two messages. */
export function intervalsOf(sensorType: string, { settings }: BoardConfiguration) {
  const seconds = (name: string, otherwise: number) => {
    const value = settings[name];
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    telemetry: 1000 * seconds('telemetry_interval_s', TELEMETRY_SECONDS[sensorType] ?? 1),
    heartbeat: 1000 * seconds('heartbeat_interval_s', HEARTBEAT_SECONDS),
  };
}

/** A board's configuration in a file, as a real one has it in flash. Without a file it lasts as long as the board. */
export class ConfigurationMemory {
  readonly #file: string | undefined;
  #configuration: BoardConfiguration;

  constructor(file?: string) {
    this.#file = file;
    this.#configuration = file === undefined ? NONE : read(file);
  }

  get configuration(): BoardConfiguration {
    return this.#configuration;
  }

  /** @throws the file system's error; the old configuration stays in force then */
  keep(configuration: BoardConfiguration): void {
    if (this.#file !== undefined) writeFileQuickly(this.#file, JSON.stringify(configuration), SECRET_MODE);
    this.#configuration = configuration;
  }
}

/** A file that cannot be read is none: the service sends the configuration again. */
function read(file: string): BoardConfiguration {
  try {
    const value = parseJson(readFileSync(file), { maxBytes: MAX_FILE_BYTES });
    if (!isJsonObject(value)) return NONE;
    const { revision, hash, settings } = value;
    const whole = typeof revision === 'number' && typeof hash === 'string' && isJsonObject(settings);
    return whole ? { revision, hash, settings } : NONE;
  } catch {
    return NONE;
  }
}
